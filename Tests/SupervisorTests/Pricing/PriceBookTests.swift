import FoundationEssentials
import Glibc
import OCMIPC
import Testing

@testable import ocm_supervisor

/// Prices against figures that an independent script works out from the same lists (expectations.py).
struct PriceBookTests {
    private struct Expectations: Decodable {
        /// A request's tokens, plain ones beside those of the cache, and what they cost: kind by kind and together.
        struct Worked: Decodable {
            struct Costs: Decodable {
                var input: String
                var cached: String
                var written: String
                var output: String
                var together: String
            }

            var model: String
            var tier: String
            var window: Int64
            var plain: UInt64
            var cached: UInt64
            var written: UInt64
            var output: UInt64
            var costs: Costs
        }

        struct Family: Decodable {
            /// In pico-dollars per token.
            struct Prices: Decodable, Equatable {
                var input: UInt64
                var cached: UInt64
                var written: UInt64
                var output: UInt64
            }

            var model: String
            var tier: String
            var window: Int64
            var prices: Prices?
        }

        var worked: [Worked]
        var families: [Family]
    }

    private static let folder = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.startIndex))
    private static let lists = folder + "/../../../Sources/ocm-supervisor/Pricing/"

    private static func bytes(_ path: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: path)))
    }

    private static func expectations() throws -> Expectations {
        try JSONDecoder().decode(Expectations.self, from: Data(bytes(folder + "/expectations.json")))
    }

    private static func counts(
        input: UInt64, cached: UInt64 = 0, written: UInt64 = 0, output: UInt64 = 0
    ) -> TokenCounts {
        TokenCounts(usage(input: input, cached: cached, written: written, output: output))
    }

    @Test("what is embedded is what the lists say")
    func embedded() throws {
        for (file, embedded) in [
            ("prices-2026-11.json", EmbeddedPrices.newest), ("pricing-reference.json", EmbeddedPrices.families),
        ] {
            var listed = try Self.bytes(Self.lists + file)
            while listed.last == UInt8(ascii: "\n") { listed.removeLast() }
            #expect(listed == embedded, "\(file) has changed: run embed.py")
        }
    }

    @Test("the expectations are what the script works out from the lists of today")
    func expectationsAreCurrent() throws {
        let check = try #require(popen("python3 '\(Self.folder)/expectations.py' --check 2>&1", "r"))
        #expect(pclose(check) == 0, "run expectations.py")
    }

    @Test("every model and price of the newest list costs what exact decimals say, to the pico-dollar")
    func worked() throws {
        let prices = try PriceBook.builtIn()
        let cases = try Self.expectations().worked
        #expect(Set(cases.map(\.model)) == Set(prices.table.models.keys))
        let listed = prices.table.models.values.flatMap { [$0.standard, $0.flex, $0.priority].compactMap { $0 } }
        #expect(cases.count == 2 * listed.count)
        #expect(cases.count { $0.window == ContextWindow.long.rawValue } == listed.count { $0.longContext != nil })
        for one in cases {
            let tier = ServiceTier(normalising: one.tier)
            let all = one.plain + one.cached + one.written
            let window = prices.window(of: one.model, tier: tier, inputTokens: all)
            #expect(window.rawValue == one.window, "\(one)")
            let price = try #require(prices.price(of: one.model, tier: tier)).price(in: window)
            func cost(input: UInt64 = 0, cached: UInt64 = 0, written: UInt64 = 0, output: UInt64 = 0) -> String {
                String(
                    price.cost(of: Self.counts(input: input, cached: cached, written: written, output: output)).amount)
            }
            #expect(cost(input: one.plain) == one.costs.input, "\(one)")
            #expect(cost(input: one.cached, cached: one.cached) == one.costs.cached, "\(one)")
            #expect(cost(input: one.written, written: one.written) == one.costs.written, "\(one)")
            #expect(cost(output: one.output) == one.costs.output, "\(one)")
            #expect(
                cost(input: all, cached: one.cached, written: one.written, output: one.output) == one.costs.together,
                "\(one)")
        }
    }

    /// That the names hit every pattern of the reference, and at least 80 are not in the newest list, the script asserts.
    @Test(
        "names that the newest list lacks have the reference's prices, in every tier and window; gpt-4o for all is not")
    func families() throws {
        let prices = try PriceBook.builtIn()
        let cases = try Self.expectations().families
        let unlisted = Set(cases.map(\.model)).subtracting(prices.table.models.keys)
        #expect(unlisted.count >= 80)
        #expect(cases.count { unlisted.contains($0.model) && $0.prices != nil } > 400)
        for one in cases {
            let price = prices.price(of: one.model, tier: ServiceTier(normalising: one.tier))?
                .price(in: ContextWindow(rawValue: one.window))
            let found = price.map {
                Expectations.Family.Prices(
                    input: $0.input.picoDollars, cached: $0.cachedInput.picoDollars,
                    written: $0.cacheWrite.picoDollars, output: $0.output.picoDollars)
            }
            #expect(found == one.prices, "\(one)")
        }
    }

    @Test("versions of the newest list's own families have that family's prices, other kinds of them do not")
    func newerFamilies() throws {
        let prices = try PriceBook.builtIn()
        for (name, family) in [
            ("gpt-5.5-2027-01-31", "gpt-5.5"), ("gpt-5.6-sol-2027-01-31", "gpt-5.6-sol"),
            ("gpt-6-sol-x-y", "gpt-6-sol"),
            ("gpt-5.5-pro-2027-01-31", "gpt-5.5-pro"), ("gpt-3.5-turbo-x", "gpt-3.5-turbo"),
        ] {
            for tier in ServiceTier.allCases {
                let price = try #require(prices.price(of: family, tier: tier))
                #expect(prices.price(of: name, tier: tier) == price, "\(name)")
            }
        }
        #expect(prices.price(of: "gpt-6-sol-mini", tier: .standard) == nil)
        #expect(prices.price(of: "gpt-7", tier: .standard) == nil)
        #expect(prices.price(of: "", tier: .standard) == nil)
        let mini = prices.price(of: "gpt-5.5-mini", tier: .standard)?.price
        #expect(mini?.input.picoDollars == 250_000)
    }

    @Test("a tier, a long-context price and a cache price that are missing fall back as the list says")
    func missing() throws {
        let prices = try PriceBook.builtIn()
        let pro = try #require(prices.price(of: "gpt-5.4-pro", tier: .priority))
        #expect(pro == prices.price(of: "gpt-5.4-pro", tier: .standard))
        #expect(pro.price.cachedInput == pro.price.input)
        let priority = try #require(prices.price(of: "gpt-5.5", tier: .priority))
        #expect(priority.longContext == nil)
        #expect(priority.price(in: .long) == priority.price)
        #expect(prices.window(of: "gpt-5.5", tier: .priority, inputTokens: 300_000) == .standard)
        #expect(prices.window(of: "gpt-5.5", tier: .flex, inputTokens: 272_000) == .standard)
        #expect(prices.window(of: "gpt-5.5", tier: .flex, inputTokens: 272_001) == .long)
        let long = try #require(prices.price(of: "gpt-6-sol", tier: .standard)?.longContext).price
        #expect(long.cacheWrite == long.input)
    }

    @Test("an owner's file adds models and replaces them, or stands alone")
    func ownersFile() throws {
        var prices = try PriceBook.builtIn()
        try prices.add(
            ownersFile: Self.file(
                #"{"_about": "ours", "unit": "usd_per_1m_tokens", "models": "#
                    + #"{"house": {"default": {"input": 1.5, "output": 0.000001}}, "#
                    + #""gpt-5.5": {"default": {"input": 7, "output": 8}}}}"#))
        #expect(prices.price(of: "house", tier: .flex)?.price.input.picoDollars == 1_500_000)
        #expect(prices.price(of: "house", tier: .flex)?.price.output.picoDollars == 1)
        #expect(prices.price(of: "gpt-5.5", tier: .priority)?.price.input.picoDollars == 7_000_000)
        #expect(prices.price(of: "gpt-5.4", tier: .standard) != nil)
        try prices.add(
            ownersFile: Self.file(#"{"replace": true, "models": {"a": {"default": {"input": 1, "output": 2}}}}"#))
        #expect(prices.price(of: "a-2", tier: .standard)?.price.output.picoDollars == 2_000_000)
        #expect(prices.price(of: "gpt-5.4", tier: .standard) == nil)
    }

    private static func file(_ json: String) -> SourceText {
        SourceText(file: "p.json", bytes: Array(json.utf8))
    }

    @Test(
        "a wrong price file is refused with its place",
        arguments: [
            ("", "p.json:1: error: the file is empty"),
            ("{", "p.json:1: error: the file ends inside an object"),
            ("[]", "p.json:1: error: is a list; write an object: { … }"),
            ("{}", "p.json:1: error: models: is missing"),
            (#"{"models": 1}"#, "p.json:1: error: models: is a number; write an object"),
            (#"{"models": {"": {"default": {"input": 1, "output": 1}}}}"#, #"error: models[""]: has no name"#),
            (
                #"{"models": {}, "replce": true}"#,
                #"error: replce: is not a field of a price table; did you mean "replace"?"#
            ),
            (#"{"models": {"m": {"flex": {"input": 1, "output": 1}}}}"#, "error: models.m.default: is missing"),
            (
                #"{"models": {"m": {"default": {"input": 1, "output": 1}, "scale": {}}}}"#,
                "error: models.m.scale: is not a field of a model"
            ),
            (
                #"{"models": {"m": {"default": {"input": 1, "output": 1, "cached": 1}}}}"#,
                "error: models.m.default.cached: is not a field of a tier"
            ),
            (
                #"{"models": {"m": {"default": {"input": "1", "output": 1}}}}"#,
                "input: is a string; write USD per million"
            ),
            (#"{"models": {"m": {"default": {"input": true, "output": 1}}}}"#, "input: is true or false; write USD"),
            (#"{"models": {"m": {"default": {"input": null, "output": 1}}}}"#, "models.m.default.input: is missing"),
            (#"{"models": {"m": {"default": {"input": -1, "output": 1}}}}"#, "input: -1 is no price"),
            (#"{"models": {"m": {"default": {"input": 1e-6, "output": 1}}}}"#, "input: 1e-6 is no price"),
            (#"{"models": {"m": {"default": {"input": 0.0000001, "output": 1}}}}"#, "input: 0.0000001 is no price"),
            (
                #"{"models": {"m": {"default": {"input": 1, "output": 1, "long_context": "#
                    + #"{"above_input_tokens": 5, "input": 1, "output": 9999999999}}}}}"#,
                "models.m.default.long_context.output: 9999999999 is no price"
            ),
            (
                #"{"models": {"m": {"default": {"input": 1, "output": 1, "long_context": {"input": 1, "output": 1}}}}}"#,
                "models.m.default.long_context.above_input_tokens: is missing"
            ),
            (#"{"unit": "eur", "models": {}}"#, #"unit: "eur" is not known; use "usd_per_1m_tokens""#),
            (
                "{\"models\": {\n\"m\": {\"default\": {\"input\": 1, \"output\": 1}},\n\"m\": {\"default\": {}}}}",
                "p.json:3: error: models.m: "
            ),
            (#"{"models": {"m": {"default": {"input": 1, "input": 7, "output": 1}}}}"#, "models.m.default.input: "),
        ])
    func wrongFile(json: String, message: String) throws {
        var prices = PriceBook(table: PriceTable())
        let error = try #require(throws: PricingError.self) { try prices.add(ownersFile: Self.file(json)) }
        #expect(error.description.contains(message), "\(error.description)")
    }
}
