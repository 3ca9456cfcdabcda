/// Text from files and networks on its way to a terminal.
enum Printable {
    /// Without control characters, which could move the cursor.
    static func line(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
