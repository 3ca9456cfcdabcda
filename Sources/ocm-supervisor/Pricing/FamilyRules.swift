/// The families of models that the reference knows, for names that no table has.
///
/// Its rules in its order: within a tier the first pattern that matches wins, a version of gpt-5 that is not known counts
/// as the newest of its kind, and a tier that does not know a model takes the default tier's price. Its last resort, the
/// price of gpt-4o for anything at all, is left out: an invented price is worse than none.
struct FamilyRules: Equatable, Sendable {
    struct Family: Equatable, Sendable {
        var pattern: ModelPattern
        var price: TierPrice
    }

    /// Stands for every model with this prefix that no pattern matches.
    struct Series: Equatable, Sendable {
        struct Kind: Equatable, Sendable {
            var part: String
            var standIn: String
        }

        var prefix: String
        /// The first whose part occurs in the name wins.
        var kinds: [Kind]
        /// Stands in for a name without any of these parts.
        var otherwise: String
    }

    var tiers: [ServiceTier: [Family]]
    var series: Series

    /// The price of a model in a tier, nil where no rule reaches it.
    func price(of model: String, tier: ServiceTier) -> TierPrice? {
        let standIn = standIn(for: model)
        for tier in tier == .standard ? [.standard] : [tier, .standard] {
            if let price = match(model, in: tier) { return price }
            if let standIn, let price = match(standIn, in: tier) { return price }
        }
        return nil
    }

    /// Whether a pattern matches the name as it is, in the tier or in the default one.
    func names(_ model: String, tier: ServiceTier) -> Bool {
        match(model, in: tier) != nil || match(model, in: .standard) != nil
    }

    /// Whether a name, or a part of one, speaks of a kind of its own ("-mini"), whose price is not its neighbour's.
    func namesKind(_ name: some StringProtocol) -> Bool {
        series.kinds.contains { name.contains($0.part) }
    }

    private func match(_ model: String, in tier: ServiceTier) -> TierPrice? {
        tiers[tier]?.first { $0.pattern.matches(model) }?.price
    }

    /// The model whose price one of the series has that no pattern names.
    func standIn(for model: String) -> String? {
        guard model.hasPrefix(series.prefix) else { return nil }
        let standIn = series.kinds.first { model.contains($0.part) }?.standIn ?? series.otherwise
        return standIn == model ? nil : standIn
    }
}
