internal import FoundationEssentials

extension FamilyRules {
    /// Reads the rules as `pricing-reference.json` has them.
    init(json: [UInt8]) throws(PricingError) {
        let listing = try decodePrices(FamilyListing.self, from: json)
        var tiers: [ServiceTier: [Family]] = [:]
        for (name, families) in listing.tiers {
            guard let tier = ServiceTier(rawValue: name) else { throw .unknownTier(model: "families", tier: name) }
            var read: [Family] = []
            for family in families {
                try read.append(family.family(tier: name, longAbove: listing.context_windows))
            }
            tiers[tier] = read
        }
        self.tiers = tiers
        series = try listing.model_normalisation.series()
    }
}

/// The reference's table as it is written.
private struct FamilyListing: Decodable {
    struct Windows: Decodable {
        var premium_threshold_input_tokens_exclusive: UInt64
    }

    struct Amounts: Decodable {
        var input: Decimal
        var cached_input: Decimal
        var output: Decimal
    }

    struct Entry: Decodable {
        var pattern: String
        var price: Amounts
        var premium_price: Amounts?

        func family(tier: String, longAbove windows: Windows) throws(PricingError) -> FamilyRules.Family {
            guard let matcher = ModelPattern(pattern) else { throw .pattern(pattern) }
            let reader = ListedPrice(model: pattern, tier: tier)
            func read(_ amounts: Amounts) throws(PricingError) -> Price {
                try reader.price(
                    input: amounts.input, cachedInput: amounts.cached_input, cacheWrite: nil, output: amounts.output)
            }
            var price = try TierPrice(price: read(self.price))
            if let premium_price {
                price.longContext = try TierPrice.LongContext(
                    aboveInputTokens: windows.premium_threshold_input_tokens_exclusive, price: read(premium_price))
            }
            return FamilyRules.Family(pattern: matcher, price: price)
        }
    }

    struct Normalisation: Decodable {
        var applies_only_if_prefix: String
        var rules_first_match_on_substring: [[String]]
        var otherwise: String

        func series() throws(PricingError) -> FamilyRules.Series {
            var kinds: [FamilyRules.Series.Kind] = []
            for rule in rules_first_match_on_substring {
                guard rule.count == 2 else { throw .malformed("a normalisation rule has \(rule.count) parts, not 2") }
                kinds.append(FamilyRules.Series.Kind(part: rule[0], standIn: rule[1]))
            }
            return FamilyRules.Series(prefix: applies_only_if_prefix, kinds: kinds, otherwise: otherwise)
        }
    }

    var context_windows: Windows
    var model_normalisation: Normalisation
    var tiers: [String: [Entry]]
}
