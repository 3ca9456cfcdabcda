extension PriceTable {
    /// Reads a table as `prices-2026-11.json` has it.
    init(json: [UInt8]) throws(PricingError) {
        self = try decodePrices(PriceListing.self, from: json).table()
    }
}
