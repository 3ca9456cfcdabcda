internal import FoundationEssentials

/// The built-in price list as it is written: USD per million tokens, by model and tier.
struct PriceListing: Decodable {
    static let unit = "usd_per_1m_tokens"

    struct Tier: Decodable {
        var input: Decimal
        var cached_input: Decimal?
        var cache_write: Decimal?
        var output: Decimal
        var long_context: LongContext?
    }

    struct LongContext: Decodable {
        var above_input_tokens: UInt64
        var input: Decimal
        var cached_input: Decimal?
        var cache_write: Decimal?
        var output: Decimal
    }

    var unit: String?
    var models: [String: [String: Tier]]

    func table() throws(PricingError) -> PriceTable {
        if let unit, unit != Self.unit { throw .unit(unit) }
        var table = PriceTable()
        for (name, tiers) in models.sorted(by: { $0.key < $1.key }) {
            table.models[name] = try model(name, tiers)
        }
        return table
    }

    private func model(_ name: String, _ tiers: [String: Tier]) throws(PricingError) -> PriceTable.Model {
        if let unknown = tiers.keys.sorted().first(where: { ServiceTier(rawValue: $0) == nil }) {
            throw .unknownTier(model: name, tier: unknown)
        }
        func price(_ tier: ServiceTier) throws(PricingError) -> TierPrice? {
            guard let listed = tiers[tier.rawValue] else { return nil }
            return try listed.price(of: name, tier: tier.rawValue)
        }
        guard let standard = try price(.standard) else { throw .noDefaultTier(model: name) }
        return try PriceTable.Model(standard: standard, flex: price(.flex), priority: price(.priority))
    }
}

extension PriceListing.Tier {
    fileprivate func price(of model: String, tier: String) throws(PricingError) -> TierPrice {
        let reader = ListedPrice(model: model, tier: tier)
        let ordinary = try reader.price(
            input: input, cachedInput: cached_input, cacheWrite: cache_write, output: output)
        guard let long = long_context else { return TierPrice(price: ordinary) }
        let price = try reader.price(
            input: long.input, cachedInput: long.cached_input, cacheWrite: long.cache_write, output: long.output,
            within: "long_context.")
        return TierPrice(
            price: ordinary, longContext: TierPrice.LongContext(aboveInputTokens: long.above_input_tokens, price: price)
        )
    }
}

/// Turns listed decimals into whole pico-dollars, and knows where they stand for the error's sake.
struct ListedPrice {
    var model: String
    var tier: String

    func price(
        input: Decimal, cachedInput: Decimal?, cacheWrite: Decimal?, output: Decimal, within group: String = ""
    ) throws(PricingError) -> Price {
        try Price(
            input: tokenPrice(input, group + "input"),
            cachedInput: cachedInput.map { value throws(PricingError) in try tokenPrice(value, group + "cached_input")
            },
            cacheWrite: cacheWrite.map { value throws(PricingError) in try tokenPrice(value, group + "cache_write") },
            output: tokenPrice(output, group + "output"))
    }

    private func tokenPrice(_ listed: Decimal, _ field: String) throws(PricingError) -> TokenPrice {
        let text = listed.description
        guard let price = TokenPrice(dollarsPerMillionTokens: text) else {
            throw .price(model: model, tier: tier, field: field, text: text)
        }
        return price
    }
}

/// Decodes JSON of the price files' kinds.
func decodePrices<Listing: Decodable>(_ type: Listing.Type, from json: [UInt8]) throws(PricingError) -> Listing {
    do {
        return try JSONDecoder().decode(type, from: Data(json))
    } catch let error as DecodingError {
        throw .malformed(error.explanation)
    } catch {
        throw .malformed("\(error)")
    }
}

extension DecodingError {
    /// One line for people: the place and what is wrong there.
    var explanation: String {
        let context: Context
        switch self {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
            .dataCorrupted(let found):
            context = found
        @unknown default:
            return "\(self)"
        }
        let place = context.codingPath.map(\.stringValue).joined(separator: ".")
        return place.isEmpty ? context.debugDescription : "\(place): \(context.debugDescription)"
    }
}
