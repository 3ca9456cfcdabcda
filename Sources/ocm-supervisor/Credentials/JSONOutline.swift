/// Where the values of a JSON text stand: ranges of its bytes, nothing decoded but the names.
///
/// The whole text is checked against RFC 8259; members are recorded down to `recordedDepth`, deeper values and what
/// arrays hold are checked and passed over.
struct JSONOutline: Sendable {
    enum Kind: Sendable { case object, array, string, number, boolean, null }

    struct Node: Sendable {
        let kind: Kind
        /// From the first byte of the value to the one after its last.
        let range: Range<Int>
        /// In the order of the text; empty for what is no object.
        let members: [Member]

        /// The value of the member named `name`.
        subscript(name: String) -> Node? {
            members.last { $0.name == name }?.value
        }
    }

    struct Member: Sendable {
        let name: String
        /// The name with its quotes.
        let nameRange: Range<Int>
        let value: Node
    }

    /// What is wrong with a text, and where.
    struct Fault: Error, Equatable, Sendable {
        /// Bytes from the start.
        let offset: Int
        let problem: Problem

        enum Problem: String, Sendable {
            case truncated = "it ends too early"
            case unexpected = "an unexpected character"
            case string = "a string with an invalid escape or a raw control character"
            case number = "an invalid number"
            case duplicate = "a name that stands twice in one object"
            case nesting = "too many levels"
            case trailing = "something after the end"
        }
    }

    static let recordedDepth = 3
    /// Levels of nesting that are followed, as many as serde_json (the CLI's reader) takes.
    static let maximumDepth = 128

    let root: Node

    init(_ text: Span<UInt8>) throws(Fault) {
        var reader = Reader(text)
        root = try reader.document()
    }
}
