/// Price tables of the owner.
enum PriceFile {
    /// What is wrong with one, as far as it can be read at all.
    static func problems(_ source: SourceText) -> [String] {
        do throws(PricingError) {
            _ = try OwnersPrices(source)
            return []
        } catch {
            guard case .owners(let diagnostics) = error else { return [error.description] }
            return diagnostics.map(\.text)
        }
    }
}
