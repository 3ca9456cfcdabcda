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
    mutating func add(ownersFile: SourceText) throws(PricingError) {
        let owners = try OwnersPrices(ownersFile)
        if owners.standsAlone {
            self = PriceBook(table: owners.table)
        } else {
            table.merge(owners.table)
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

    /// Another name under which a model costs the same in every tier: one of a few, whatever the names. A model of the list
    /// stands for itself, ``unlisted`` for what has no price.
    func standIn(for model: String) -> String {
        if table.models[model] != nil { return model }
        let prices = prices(of: model)
        guard prices.contains(where: { $0 != nil }) else { return Self.unlisted }
        var names = model.indices.filter { model[$0] == "-" }.map { String(model[..<$0]) }
        if let series = families?.standIn(for: model) { names.append(series) }
        // A family's own name may be in the list, at another price than the reference has for the family.
        let candidates = names.flatMap { [$0, "\($0)-\(Self.unlisted)"] }
        return candidates.first { self.prices(of: $0) == prices } ?? Self.unlisted
    }

    /// Stands for models that nobody has a price for, where there are too many of them.
    static let unlisted = "other"

    private func prices(of model: String) -> [TierPrice?] {
        ServiceTier.allCases.map { price(of: model, tier: $0) }
    }

    /// The context window that a request of so many input tokens is counted under.
    func window(of model: String, tier: ServiceTier, inputTokens: UInt64) -> ContextWindow {
        guard let long = price(of: model, tier: tier)?.longContext else { return .standard }
        return inputTokens > long.aboveInputTokens ? .long : .standard
    }
}
