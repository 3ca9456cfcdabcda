/// List prices by the exact names of the models.
struct PriceTable: Equatable, Sendable {
    /// The prices of one model by service tier; a tier without a price of its own has the default tier's.
    struct Model: Equatable, Sendable {
        var standard: TierPrice
        var flex: TierPrice?
        var priority: TierPrice?

        subscript(tier: ServiceTier) -> TierPrice {
            switch tier {
            case .standard: standard
            case .flex: flex ?? standard
            case .priority: priority ?? standard
            }
        }
    }

    var models: [String: Model]

    init(models: [String: Model] = [:]) {
        self.models = models
    }

    /// The model whose name, with something after a dash, is the one asked for; the longest such name.
    func family(of name: String) -> (name: String, model: Model)? {
        var end = name.endIndex
        while let dash = name[..<end].lastIndex(of: "-") {
            let prefix = String(name[..<dash])
            if let model = models[prefix] { return (prefix, model) }
            end = dash
        }
        return nil
    }

    /// Takes over what another table names; a model that both name has the other's prices.
    mutating func merge(_ other: PriceTable) {
        models.merge(other.models) { _, new in new }
    }
}
