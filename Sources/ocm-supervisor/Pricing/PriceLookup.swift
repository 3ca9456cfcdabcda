/// The prices of many rows, each looked up once: rows are many and models few, and a name that no table has goes through
/// the patterns of all families.
struct PriceLookup {
    private struct Key: Hashable {
        let model: String
        let tier: ServiceTier
        let window: ContextWindow
    }

    private let prices: PriceBook
    private var known: [Key: Price?] = [:]

    init(_ prices: PriceBook) {
        self.prices = prices
    }

    /// The price of what was counted under a context window, nil where there is none.
    mutating func price(of model: String, tier: ServiceTier, in window: ContextWindow) -> Price? {
        let key = Key(model: model, tier: tier, window: window)
        if let price = known[key] { return price }
        let price = prices.price(of: model, tier: tier)?.price(in: window)
        known[key] = .some(price)
        return price
    }
}
