/// What is wrong with a price file.
enum PricingError: Error, Equatable, CustomStringConvertible {
    /// Not JSON, or not of the form that a price file has; what the reader says.
    case malformed(String)
    case unit(String)
    /// The price as the file has it, or as near to it as the reader can say.
    case price(model: String, tier: String, field: String, text: String)
    case unknownTier(model: String, tier: String)
    case noDefaultTier(model: String)
    /// A family pattern of a form that the matcher does not know.
    case pattern(String)
    /// All that is wrong with the owner's file, each with its place.
    case owners([Diagnostic])

    var description: String {
        switch self {
        case .malformed(let reason):
            "not a price file: \(reason)"
        case .unit(let unit):
            "unit is \"\(unit)\"; only \"\(PriceListing.unit)\" is known"
        case .price(let model, let tier, let field, let text):
            "\(model), \(tier): \(field) is \(text); a price is USD per million tokens, from 0, with at most six decimals"
        case .unknownTier(let model, let tier):
            "\(model): tier \"\(tier)\" is not known; there are default, flex and priority"
        case .noDefaultTier(let model):
            "\(model) has no prices for the default tier"
        case .pattern(let pattern):
            "pattern \(pattern) is not of a known form"
        case .owners(let diagnostics):
            diagnostics.map(\.text).joined(separator: "\n")
        }
    }
}
