import OCMIPC
import Testing

@testable import ocm_worker

@Suite("An event of rate limits")
struct RateLimitDocumentTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var event: String
        var limits: RateLimits?

        init(_ description: String, _ event: String, _ limits: RateLimits?) {
            testDescription = description
            self.event = event
            self.limits = limits
        }
    }

    static let primary = RateLimits.Window(used: 4250, minutes: 300, resetAt: 1_780_010_000)
    static let secondary = RateLimits.Window(used: 500, minutes: 10080, resetAt: 1_780_600_000)
    static let windows = """
        "rate_limits":{"allowed":true,"limit_reached":false,\
        "primary":{"used_percent":42.5,"window_minutes":300,"reset_at":1780010000},\
        "secondary":{"used_percent":5,"window_minutes":10080,"reset_at":1780600000}}
        """

    static let cases = [
        Case(
            "all of it",
            """
            {"type":"codex.rate_limits","plan_type":"plus",\(windows),"code_review_rate_limits":null,\
            "credits":{"has_credits":true,"unlimited":false,"balance":"12.50"},"promo":null}
            """,
            RateLimits(
                families: [.init(limit: "codex", primary: primary, secondary: secondary)],
                credits: .init(isAvailable: true, isUnlimited: false, balance: "12.50"))),
        Case(
            "of a limit with a name of its own",
            #"{"type":"codex.rate_limits",\#(windows),"metered_limit_name":"Codex_Spark","limit_name":"x"}"#,
            RateLimits(families: [.init(limit: "codex-spark", primary: primary, secondary: secondary)])),
        Case(
            "of a limit by its older name", #"{"limit_name":"codex_other","type":"codex.rate_limits",\#(windows)}"#,
            RateLimits(families: [.init(limit: "codex-other", primary: primary, secondary: secondary)])),
        Case(
            "with the type last", #"{\#(windows),"type":"codex.rate_limits"}"#,
            RateLimits(families: [.init(limit: "codex", primary: primary, secondary: secondary)])),
        Case(
            "one window alone",
            #"{"type":"codex.rate_limits","rate_limits":{"primary":null,"secondary":{"used_percent":99.999}}}"#,
            RateLimits(families: [.init(limit: "codex", secondary: .init(used: 9999))])),
        Case(
            "credits alone", #"{"type":"codex.rate_limits","credits":{"unlimited":true,"balance":null}}"#,
            RateLimits(credits: .init(isUnlimited: true))),
        Case(
            "windows of other limits are not these",
            #"{"type":"codex.rate_limits","additional_rate_limits":{"x":{"primary":{"used_percent":1}}},"primary":{"used_percent":2}}"#,
            nil),
        Case(
            "numbers out of range",
            #"{"type":"codex.rate_limits","rate_limits":{"primary":{"used_percent":1e30,"window_minutes":1e30,"reset_at":1e30}}}"#,
            nil),
        Case(
            "a window of zeros is none",
            #"{"type":"codex.rate_limits","rate_limits":{"primary":{"used_percent":0,"window_minutes":0,"reset_at":0}}}"#,
            nil),
        Case(
            "negative numbers count as zero",
            #"{"type":"codex.rate_limits","rate_limits":{"primary":{"used_percent":-1,"window_minutes":300}}}"#,
            RateLimits(families: [.init(limit: "codex", primary: .init(used: 0, minutes: 300))])),
        Case("nothing", #"{"type":"codex.rate_limits","plan_type":"pro"}"#, nil),
        Case("another type", #"{"type":"response.completed",\#(windows)}"#, nil),
        Case("no type", "{\(windows)}", nil), Case("cut off", #"{"type":"codex.rate_limits",\#(windows)"#, nil),
    ]

    @Test("says what the limits are", arguments: cases)
    func limits(_ event: Case) {
        let bytes = Array(event.event.utf8)
        for length in [bytes.count, 1, 2, 3, 7, 20] {
            var document = RateLimitDocument()
            for start in stride(from: 0, to: bytes.count, by: length) {
                _ = document.scan(bytes.span.extracting(start..<min(start + length, bytes.count)))
            }
            #expect(document.limits == event.limits, "\(length)")
        }
    }

    @Test("names the week of the login, as the fields of a response do")
    func week() {
        var document = RateLimitDocument()
        _ = document.scan(Array(Self.cases[0].event.utf8).span)
        #expect(document.limits?.weekStart == 1_779_995_220)
    }
}
