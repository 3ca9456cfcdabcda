/// Price tables of the owner.
enum PriceFile {
    /// What is wrong with one; `nil` where it adds to the built-in table.
    static func problem(_ bytes: [UInt8]) -> String? {
        do throws(PricingError) {
            var book = try PriceBook.builtIn()
            try book.add(ownersFile: bytes)
            return nil
        } catch {
            return error.description
        }
    }
}
