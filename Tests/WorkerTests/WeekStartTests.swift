import Testing

@testable import ocm_worker

@Suite("The week that a response counts for")
struct WeekStartTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var fields: [String]
        var weekStart: Int64

        init(_ description: String, _ fields: [String], _ weekStart: Int64) {
            testDescription = description
            self.fields = fields
            self.weekStart = weekStart
        }
    }

    static let hours = ["x-codex-primary-window-minutes: 300", "x-codex-primary-reset-at: 1780010000"]
    static let week = ["x-codex-secondary-window-minutes: 10080", "x-codex-secondary-reset-at: 1780000020"]
    /// 1780000020 less seven days, a full minute.
    static let start: Int64 = 1_779_395_220

    static let cases = [
        Case("no fields", [], 0),
        Case("the second of two windows", hours + week, start),
        Case("fields in any order and case", (hours + week).reversed().map { $0.uppercased() }, start),
        Case("the week as the primary window", week.map { $0.replacing("secondary", with: "primary") }, start),
        Case("both windows as long as a week", week + week.map { $0.replacing("secondary", with: "primary") }, start),
        Case("no week", hours, 0),
        Case("a week without its reset", Array(week.prefix(1)), 0),
        Case("a reset without its length", Array(week.suffix(1)), 0),
        Case("a minute less than a week", week.map { $0.replacing("10080", with: "10079") }, start + 60),
        Case("a month", week.map { $0.replacing("10080", with: "43200") }, 0),
        Case("a day", week.map { $0.replacing("10080", with: "1440") }, 0),
        Case("29 seconds later", week.map { $0.replacing("1780000020", with: "1780000049") }, start),
        Case("30 seconds earlier", week.map { $0.replacing("1780000020", with: "1779999990") }, start),
        Case("30 seconds later", week.map { $0.replacing("1780000020", with: "1780000050") }, start + 60),
        Case("no number", week.map { $0.replacing("10080", with: "10080x") }, 0),
        Case("a negative number", week.map { $0.replacing("10080", with: "-10080") }, 0),
        Case("a number of 13 digits", week.map { $0.replacing("1780000020", with: "1780000020000") }, 0),
        Case("a reset before the epoch's first week", week.map { $0.replacing("1780000020", with: "5") }, 0),
        Case(
            "the active limit's family",
            hours + week.map { $0.replacing("1780000020", with: "1790000000") }
                + week.map { $0.replacing("codex", with: "codex-spark") } + ["x-codex-active-limit: codex_spark"], start
        ),
        Case(
            "the active limit named first, in capitals",
            ["X-Codex-Active-Limit: Codex_Spark"]
                + week.map { $0.replacing("codex", with: "codex-spark") }
                + week.map { $0.replacing("1780000020", with: "1790000000") }, start),
        Case("an active limit without a family", week + ["x-codex-active-limit: premium"], start),
        Case(
            "an active limit whose family has no week",
            week + hours.map { $0.replacing("codex", with: "codex-spark") } + ["x-codex-active-limit: codex_spark"], 0),
        Case("another family alone", week.map { $0.replacing("codex", with: "codex-spark") }, 0),
        Case(
            "other fields",
            ["x-request-id: 1", "x: 2", "x-primary-reset-at: 5", "reset-at: 9", "x-codex-credits-balance: 3"], 0),
        Case(
            "ninety families",
            (0..<90).flatMap { number in week.map { $0.replacing("codex", with: "f\(number)") } }
                + ["x-codex-active-limit: f7"], start),
    ]

    @Test("is read from the fields", arguments: cases)
    func read(_ head: Case) throws {
        var reader = RateLimitReader()
        _ = try reader.read(head.fields)
        #expect(reader.weekStart == head.weekStart)
    }
}
