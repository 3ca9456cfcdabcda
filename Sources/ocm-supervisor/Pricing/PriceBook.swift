/// Every price in force: the newest list, what the owner added to it, and the reference's families for other names.
struct PriceBook: Equatable, Sendable {
    var table: PriceTable
    /// Nil where the owner's table stands alone.
    var families: FamilyRules?

    init(table: PriceTable, families: FamilyRules? = nil) {
        self.table = table
        self.families = families
    }

    /// The prices that are built in.
    static func builtIn() throws(PricingError) -> PriceBook {
        try PriceBook(
            table: PriceTable(json: EmbeddedPrices.newest), families: FamilyRules(json: EmbeddedPrices.families))
    }

    /// Takes in the file that `supervisor.pricing_path` names.
    ///
    /// Its form is that of `prices-2026-11.json`. Its models are added, those that the built-in list has too are
    /// replaced whole; with `"replace": true` at the top it stands alone, without the families too.
    mutating func add(ownersFile json: [UInt8]) throws(PricingError) {
        let listing = try decodePrices(PriceListing.self, from: json)
        let owners = try listing.table()
        if listing.replace ?? false {
            self = PriceBook(table: owners)
        } else {
            table.merge(owners)
        }
    }

    /// The prices of a model in a tier, nil where there are none.
    ///
    /// A model that the table names has the table's prices. Other names have those of the reference's families. Where
    /// those know the name only as some version of gpt-5 or not at all, a model of the table that the name extends
    /// ("gpt-5.5-2027-01-31") is nearer, unless what follows makes it another kind ("gpt-5.5-mini").
    func price(of model: String, tier: ServiceTier) -> TierPrice? {
        if let listed = table.models[model] { return listed[tier] }
        guard let families else { return table.family(of: model)?.model[tier] }
        if !families.names(model, tier: tier),
            let (name, listed) = table.family(of: model), !families.namesKind(model.dropFirst(name.count))
        {
            return listed[tier]
        }
        return families.price(of: model, tier: tier)
    }

    /// The context window that a request of so many input tokens is counted under.
    func window(of model: String, tier: ServiceTier, inputTokens: UInt64) -> ContextWindow {
        guard let long = price(of: model, tier: tier)?.longContext else { return .standard }
        return inputTokens > long.aboveInputTokens ? .long : .standard
    }
}
