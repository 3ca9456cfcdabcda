import Testing

@testable import ocm_supervisor

/// Money, decimals, tiers and patterns.
struct PriceTests {
    @Test(
        "list prices are read exactly",
        arguments: [
            ("0", 0), ("5", 5_000_000), ("5.0", 5_000_000), ("0.138", 138_000), ("0.000001", 1), ("15.625", 15_625_000),
            ("0.0025", 2_500), ("1000000000", 1_000_000_000_000_000), ("1.0000000", 1_000_000),
        ] as [(String, UInt64)])
    func decimals(text: String, pico: UInt64) {
        #expect(TokenPrice(dollarsPerMillionTokens: text)?.picoDollars == pico)
    }

    @Test(
        "what is no list price is refused",
        arguments: [
            "", ".", "1.", ".5", "-1", "+1", "1e3", "0.0000001", "1,5", "1000000000.000001", "99999999999999999999",
        ])
    func noDecimals(text: String) {
        #expect(TokenPrice(dollarsPerMillionTokens: text) == nil)
    }

    @Test(
        "dollars have six decimals, half a micro-dollar is rounded up",
        arguments: [
            (0, "0.000000"), (499_999, "0.000000"), (500_000, "0.000001"), (1_234_567_000_000, "1.234567"),
            (1_234_567_499_999, "1.234567"), (999_999_500_000, "1.000000"),
        ] as [(UInt128, String)])
    func dollars(amount: UInt128, text: String) {
        #expect(PicoDollars(amount: amount).dollars == text)
    }

    @Test("the largest sums saturate instead of trapping")
    func saturation() {
        #expect(PicoDollars(amount: .max) + PicoDollars(amount: 1) == PicoDollars(amount: .max))
        #expect(!PicoDollars(amount: .max).dollars.isEmpty)
        var counts = TokenCounts(usage(input: .max, cached: .max, written: .max, output: .max, reasoning: .max))
        counts += counts
        #expect(counts.input == UInt64(Int64.max))
        let price = Price(input: .highest, output: .highest)
        #expect(price.cost(of: counts) > .zero)
    }

    @Test("cached tokens and cache writes are parts of the input and are not paid for twice")
    func parts() {
        let price = Price(
            input: TokenPrice(picoDollars: 100), cachedInput: TokenPrice(picoDollars: 10),
            cacheWrite: TokenPrice(picoDollars: 125), output: TokenPrice(picoDollars: 1000))
        let counts = TokenCounts(usage(input: 10, cached: 4, written: 3, output: 2, reasoning: 2))
        #expect(price.cost(of: counts).amount == 3 * 100 + 4 * 10 + 3 * 125 + 2 * 1000)
        let odd = TokenCounts(usage(input: 5, cached: 9, written: 9))
        #expect(price.cost(of: odd).amount == 5 * 10)
    }

    @Test(
        "tiers are trimmed, in any case, and default where they are not known",
        arguments: [
            ("", .standard), ("auto", .standard), ("default", .standard), ("scale", .standard), (" Flex\n", .flex),
            ("PRIORITY", .priority), ("priority+", .standard), ("\t", .standard),
        ] as [(String, ServiceTier)])
    func tiers(name: String, tier: ServiceTier) {
        #expect(ServiceTier(normalising: name) == tier)
    }

    @Test("patterns match the names they mean and no others")
    func patterns() throws {
        let family = try #require(ModelPattern(#"^gpt-5\.4(?:$|-)"#))
        #expect(family.matches("gpt-5.4"))
        #expect(family.matches("gpt-5.4-"))
        #expect(family.matches("gpt-5.4-pro"))
        for name in ["gpt-5.41", "gpt-5x4", "gpt-5.", "xgpt-5.4", "GPT-5.4", ""] { #expect(!family.matches(name)) }
        let alone = try #require(ModelPattern(#"^gpt-5-chat-latest$"#))
        #expect(alone.matches("gpt-5-chat-latest"))
        #expect(!alone.matches("gpt-5-chat-latest-1"))
        let either = try #require(ModelPattern(#"^(?:gpt-4o-audio|gpt-audio)(?:$|-)"#))
        #expect(either.matches("gpt-4o-audio-x") && either.matches("gpt-audio"))
        #expect(!either.matches("gpt-4o"))
    }

    @Test(
        "an expression of another form is refused, not misread",
        arguments: [
            "gpt-5", "^gpt-5", "gpt-5$", "^gpt-5.4$", "^gpt-.*$", "^gpt-[45]$", "^(gpt|o1)$", "^gpt\\d$", "^$",
            "^(?:a|)$",
            "^a\\$", "^(?:a$",
        ])
    func otherForms(expression: String) {
        #expect(ModelPattern(expression) == nil)
    }
}
