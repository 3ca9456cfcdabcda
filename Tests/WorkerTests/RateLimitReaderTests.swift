import OCMHTTP
import OCMIPC
import Testing

@testable import ocm_worker

@Suite("A login's limits")
struct RateLimitReaderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var fields: [String]
        var limits: RateLimits

        init(_ description: String, _ fields: [String], _ limits: RateLimits) {
            testDescription = description
            self.fields = fields
            self.limits = limits
        }

        init(_ description: String, _ fields: [String], window: RateLimits.Window?) {
            let families = window.map { [RateLimits.Family(limit: "codex", primary: $0)] } ?? []
            self.init(description, fields, RateLimits(families: families))
        }
    }

    static let hours = RateLimits.Window(used: 3700, minutes: 300, resetAt: 1_780_010_000)
    static let week = RateLimits.Window(used: 1250, minutes: 10080, resetAt: 1_780_000_020)

    static func fields(_ window: RateLimits.Window, _ name: String) -> [String] {
        [
            "x-\(name)-used-percent: \(window.used! / 100).\(window.used! % 100)",
            "x-\(name)-window-minutes: \(window.minutes!)", "x-\(name)-reset-at: \(window.resetAt!)",
        ]
    }

    static let both = fields(hours, "codex-primary") + fields(week, "codex-secondary")
    static let codex = RateLimits.Family(limit: "codex", primary: hours, secondary: week)

    static let cases =
        [
            Case("no fields", ["content-type: text/event-stream", "x-request-id: 1"], RateLimits()),
            Case("two windows", both, RateLimits(families: [codex])),
            Case("in capitals", both.map { $0.uppercased() }, RateLimits(families: [codex])),
            Case(
                "a secondary window alone", fields(week, "codex-secondary"),
                RateLimits(families: [.init(limit: "codex", secondary: week)])),
            Case(
                "several families, a name, and the active one",
                ["x-codex-active-limit: Codex_Spark"] + both + fields(week, "codex-spark-primary") + [
                    "x-codex-spark-limit-name: GPT-5.3-Codex-Spark"
                ],
                RateLimits(
                    activeLimit: "codex-spark",
                    families: [codex, .init(limit: "codex-spark", name: "GPT-5.3-Codex-Spark", primary: week)])),
            Case(
                "a family whose name ends like another field's",
                fields(week, "primary-primary"), RateLimits(families: [.init(limit: "primary", primary: week)])),
            Case("a name without a window", ["x-codex-limit-name: Codex"], RateLimits()),
            Case(
                "a window of zeros is none",
                [
                    "x-codex-primary-used-percent: 0.0", "x-codex-primary-window-minutes: 0",
                    "x-codex-primary-reset-at: 0",
                ], window: nil),
            Case(
                "nothing used", ["x-codex-primary-used-percent: 0", "x-codex-primary-window-minutes: 300"],
                window: .init(used: 0, minutes: 300)),
            Case("a use without a length", ["x-codex-primary-used-percent: 7"], window: .init(used: 700)),
            Case(
                "a use of many digits", ["x-codex-primary-used-percent: 33.33333333333333"], window: .init(used: 3333)),
            Case(
                "a use of one digit behind the point", ["x-codex-primary-used-percent: 99.9"], window: .init(used: 9990)
            ),
            Case("a use beyond a hundred", ["x-codex-primary-used-percent: 104"], window: .init(used: 10400)),
            Case(
                "credits",
                [
                    "x-codex-credits-has-credits: True", "x-codex-credits-unlimited: false",
                    "x-codex-credits-balance: 9.99",
                ],
                RateLimits(credits: .init(isAvailable: true, isUnlimited: false, balance: "9.99"))),
            Case(
                "credits as numbers", ["x-codex-credits-has-credits: 0", "x-codex-credits-unlimited: 1"],
                RateLimits(credits: .init(isAvailable: false, isUnlimited: true))),
            Case(
                "credits of no known form", ["x-codex-credits-has-credits: maybe", "x-codex-credits-balance: "],
                RateLimits()),
            Case(
                "a balance of 33 bytes", ["x-codex-credits-balance: \(String(repeating: "9", count: 33))"], RateLimits()
            ),
            Case(
                "an active limit of 65 bytes", ["x-codex-active-limit: \(String(repeating: "a", count: 65))"],
                RateLimits()),
            Case(
                "a limit's name of 65 bytes", fields(week, String(repeating: "a", count: 65) + "-primary"), RateLimits()
            ),
            Case(
                "a display name that is no ASCII", both + ["x-codex-limit-name: Ünlimited"],
                RateLimits(families: [codex])),
            Case(
                "a display name of 129 bytes", both + ["x-codex-limit-name: \(String(repeating: "n", count: 129))"],
                RateLimits(families: [codex])),
        ]
        + ["-1", "1e2", ".5", "5.", "1.x", "NaN", "", "1234567890123", "99999999999"].map {
            Case(
                "a use of \"\($0)\"", ["x-codex-primary-used-percent: \($0)", "x-codex-primary-window-minutes: 300"],
                window: .init(minutes: 300))
        }

    @Test("are read from the fields", arguments: cases)
    func read(_ head: Case) throws {
        var reader = RateLimitReader()
        #expect(try reader.read(head.fields) == !head.limits.isEmpty)
        #expect(reader.limits == head.limits)
    }

    @Test("are read again only where they differ, and are never those of another response")
    func repeated() throws {
        var reader = RateLimitReader()
        #expect(try reader.read(["x-request-id: 1"] + Self.both + ["x-codex-turn-state: a"]))
        #expect(try !reader.read(["x-request-id: 2"] + Self.both + ["x-codex-turn-state: b"]))
        let changed = Self.both.map { $0.replacing("37", with: "38") }
        #expect(try reader.read(changed))
        #expect(reader.limits.families.first?.primary?.used == 3800)
        #expect(try reader.read(Array(changed.dropLast())))
        #expect(reader.weekStart == 0)
        #expect(try reader.read(changed))
        #expect(try !reader.read([]))
        #expect(reader.limits.isEmpty && reader.weekStart == 0)
        #expect(try reader.read(changed))
        #expect(reader.weekStart == 1_779_395_220)
    }

    @Test("have at most sixteen families")
    func bounded() throws {
        var reader = RateLimitReader()
        #expect(try reader.read((0..<40).flatMap { Self.fields(Self.week, "f\($0)-primary") }))
        #expect(reader.limits.families.map(\.limit) == (0..<16).map { "f\($0)" })
    }
}

extension RateLimitReader {
    mutating func read(_ fields: [String]) throws -> Bool {
        let bytes = Array("HTTP/1.1 200 OK\r\n\(fields.map { $0 + "\r\n" }.joined())\r\n".utf8)
        var head = ResponseHead()
        let length = try head.parse(bytes.span, answering: .post)
        #expect(length == bytes.count)
        return read(head.fields, of: bytes.span)
    }
}
