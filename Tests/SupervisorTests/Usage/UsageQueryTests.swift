import OCMIPC
import Testing

@testable import ocm_supervisor

/// Rows in, tables out.
struct UsageQueryTests {
    /// Sunday 2026-03-15 12:00 UTC.
    private static let now = WallTime(seconds: 1_773_576_000)
    private static let week = now.seconds - 2 * 86_400
    private static let before = week - 7 * 86_400

    @Test("without a question, the current week is told by user and by model, the dearest first")
    func page() throws {
        let report = try answer(
            UsageQuery(),
            [("alice", "gpt-5.5", Self.week, 1), ("bob", "gpt-5.5", Self.week, 3), ("bob", "gpt-5.5", Self.before, 9)])
        #expect(report.tables.map(\.by) == [[.user], [.model]])
        #expect(rows(report) == ["bob 3", "alice 1"])
        #expect(report.total.counts.requests == 4)
        #expect(report.history == .weeks && report.since == report.week?.started && report.week?.start == Self.week)
    }

    @Test("without a week, the last seven days are told instead")
    func pageOfDays() throws {
        let days = (0..<10).map {
            (user: "alice", model: "gpt-5.5", week: Int64(0), day: Self.now.seconds - $0 * 86_400)
        }
        let report = try UsageQuery().answer(from: counted(book(days)), now: Self.now, zone: .fixed(0))
        #expect(report.history == .days && report.since == "2026-03-09" && report.week == nil)
        #expect(report.total.counts.requests == 7)
    }

    @Test("groups stand within groups, each where its sum puts it")
    func groups() throws {
        let report = try answer(
            UsageQuery(by: [.user, .model]),
            [
                ("alice", "gpt-5.5", 0, 4), ("bob", "gpt-5.5", 0, 3), ("bob", "other", 0, 2), ("alice", "other", 0, 1),
                ("bob", "gpt-5.5", 60, 2),
            ])
        #expect(rows(report) == ["bob gpt-5.5 5", "bob other 2", "alice gpt-5.5 4", "alice other 1"])
    }

    @Test("weeks are in the order of time, and what has none is before them")
    func weeks() throws {
        let report = try answer(
            UsageQuery(by: [.week]),
            [("alice", "gpt-5.5", Self.week, 1), ("alice", "gpt-5.5", 0, 2), ("alice", "gpt-5.5", Self.before, 3)])
        #expect(rows(report) == [" 2", "\(Self.before) 3", "\(Self.week) 1"])
    }

    @Test("requests without a user are a row of their own, and no sum is lost")
    func nobody() throws {
        let report = try answer(UsageQuery(by: [.user]), [("alice", "gpt-5.5", 0, 1), ("", "gpt-5.5", 0, 5)])
        #expect(rows(report) == [" 5", "alice 1"])
    }

    @Test("the cost is that of the exact counts, and sums are taken before rounding")
    func costs() throws {
        var book = UsageBook()
        for user in ["a", "b", "c"] {
            var record = usage(user: user, model: "gpt-5.5", input: 1)
            record.weekStart = Self.week
            book.record(record, prices: testPrices, zone: .fixed(0))
        }
        var counted = counted(book)
        counted.prices = PriceBook(
            table: PriceTable(models: [
                "gpt-5.5": PriceTable.Model(
                    standard: TierPrice(
                        price: Price(input: TokenPrice(picoDollars: 400_000), output: TokenPrice(picoDollars: 0))))
            ]))
        let report = try UsageQuery(by: [.user]).answer(from: counted, now: Self.now, zone: .fixed(0))
        #expect(report.total.cost.dollars == "0.000001")
        #expect(report.tables[0].rows.allSatisfy { $0.sum.cost.dollars == "0.000000" })
    }

    @Test("a day ends at midnight in its zone, and goes on elsewhere")
    func midnight() throws {
        // In Berlin.
        let midnight: Int64 = 1_774_738_800
        for (zone, days) in [
            (3600, ["2026-03-28", "2026-03-29"]), (0, ["2026-03-28"]), (-3600, ["2026-03-28"]),
            (19_800, ["2026-03-29"]),
        ] {
            var book = UsageBook()
            for time in [midnight - 1, midnight] {
                book.record(usage(model: "gpt-5.5", input: 1, time: time), prices: testPrices, zone: .fixed(zone))
            }
            let report = try UsageQuery(by: [.day]).answer(
                from: counted(book), now: WallTime(seconds: midnight), zone: .fixed(zone))
            #expect(report.tables[0].rows.map(\.values[0]) == days)
            #expect(report.total.counts.requests == 2)
            let today = try UsageQuery(by: [.user], since: .daysAgo(0)).answer(
                from: counted(book), now: WallTime(seconds: midnight), zone: .fixed(zone))
            #expect(today.total.counts.requests == (zone == 3600 ? 1 : 2))
        }
    }

    @Test("the history by day keeps users, models and tiers apart, and says what the weeks say")
    func completeness() throws {
        var book = UsageBook()
        for (index, user) in ["alice", "bob", ""].enumerated() {
            for model in ["gpt-5.5", "other"] {
                for tier in ["default", "flex", "priority"] {
                    let record = usage(
                        user: user, model: model, tier: tier, input: 10, cached: 3, written: 2, output: 5, reasoning: 4,
                        weekStart: Self.week, time: Self.now.seconds - Int64(index) * 86_400)
                    book.record(record, prices: testPrices, zone: .fixed(0))
                }
            }
        }
        func table(_ query: UsageQuery) throws -> [UsageTable.Row] {
            try query.answer(from: counted(book), now: Self.now, zone: .fixed(0)).tables[0].rows
        }
        let weeks = try table(UsageQuery(by: [.user, .model, .tier]))
        let days = try table(UsageQuery(by: [.user, .model, .tier], since: .date("2026-03-01")))
        #expect(weeks.count == 18 && weeks == days)
        #expect(try table(UsageQuery(by: [.day, .user, .model, .tier])).count == 18)
    }

    @Test("days and weeks do not combine, and a period has to begin before it ends")
    func refused() {
        #expect(throws: UsageQueryError.daysAndWeeks) { try answer(UsageQuery(by: [.day, .week]), []) }
        #expect(throws: UsageQueryError.backwards(since: "2026-03-15", until: "2026-03-14")) {
            try answer(UsageQuery(since: .daysAgo(0), until: .daysAgo(1)), [])
        }
        #expect(throws: UsageQueryError.unknownService("x", known: ["codex"])) {
            try answer(UsageQuery(service: "x"), [])
        }
    }

    @Test("whole weeks are told where a date cuts one, with a word about it")
    func cutWeeks() throws {
        let rows = [
            ("alice", "gpt-5.5", Self.week, 1), ("alice", "gpt-5.5", Self.before, 2),
            ("alice", "gpt-5.5", Self.before - 7 * 86_400, 4), ("alice", "gpt-5.5", Int64(0), 8),
        ]
        // The week before began on the 6th and ended on the 13th at noon.
        for (since, sum) in [("2026-03-13", 3), ("2026-03-14", 1), ("2026-03-12", 3), ("2026-03-06", 7)] {
            let report = try answer(UsageQuery(by: [.week], since: .date(since)), rows)
            #expect(report.total.counts.requests == UInt64(sum))
            #expect(report.notes.contains { $0.hasPrefix("Weeks are counted whole") })
            #expect(report.notes.contains { $0.hasPrefix("8 more requests counted for no week") })
        }
    }

    @Test("a week at the end of time is one like others")
    func lastWeek() throws {
        let report = try answer(
            UsageQuery(by: [.week], until: .date("2026-03-15")),
            [("alice", "gpt-5.5", .max - 59, 1), ("alice", "gpt-5.5", Self.week, 2)])
        #expect(report.total.counts.requests == 2)
    }

    @Test("what the days do not know of is said, unless it can't be in the period")
    func beforeTheDays() throws {
        var book = book([(user: "alice", model: "gpt-5.5", week: Self.week, day: Self.now.seconds)])
        book.update(UsageBook.RowKey(model: "old", tier: .standard, window: .standard, weekStart: 0)) {
            $0.total.requests = 5
        }
        func notes(_ since: String) throws -> [String] {
            try UsageQuery(by: [.day], since: .date(since)).answer(from: counted(book), now: Self.now, zone: .fixed(0))
                .notes
        }
        #expect(
            try notes("2026-03-15") == [
                "5 more requests are in the weeks alone: the history by day does not go back to them."
            ])
        book.add(
            TokenCounts(),
            to: UsageBook.DayKey(day: "2026-03-01", user: "", model: "m", tier: .standard, window: .standard))
        #expect(try notes("2026-03-15") == [])
    }

    @Test(
        "limits are read, written and resolved",
        arguments: [
            ("2026-02-28", "2026-02-28", "2026-02-28"), ("today", "0d", "2026-03-01"),
            ("yesterday", "1d", "2026-02-28"),
            ("7d", "7d", "2026-02-22"), ("2w", "14d", "2026-02-15"), ("366d", "366d", "2025-02-28"),
            ("week", "week", nil),
            ("2026-W45", "2026-W45", "2026-11-02"), ("2026-W01", "2026-W01", "2025-12-29"),
            ("2026-W53", "2026-W53", "2026-12-28"), ("2027-W01", "2027-W01", "2027-01-04"),
            ("1969-W01", "1969-W01", "1968-12-30"),
        ])
    func limits(text: String, canonical: String, date: String?) throws {
        let limit = try #require(UsageLimit(text))
        #expect(limit.text == canonical && UsageLimit(canonical) == limit)
        #expect(limit.firstDate(today: "2026-03-01") == date)
    }

    @Test("a week of the calendar ends with its Sunday, another limit with its day")
    func lastDates() {
        for (text, last) in [("2026-W01", "2026-01-04"), ("2026-W53", "2027-01-03"), ("7d", "2026-02-22")] {
            #expect(UsageLimit(text)?.lastDate(today: "2026-03-01") == last)
        }
        #expect(UsageLimit.week.lastDate(today: "2026-03-01") == nil)
    }

    @Test(
        "what is no limit is none",
        arguments: [
            "", "d", "w", "-1d", "+1d", "1 d", "1.5d", "99999d", "6000w", "2026-02-29", "2026-3-1", "20260301",
            "2026-03-01T00:00:00Z", "Today", "w1", "²d",
            "2025-W53", "2026-W54", "2026-W00", "2026W45", "2026-W+1", "2026-w45", "2026-W4", "2026-W045", "-W45",
        ])
    func noLimits(text: String) {
        #expect(UsageLimit(text) == nil)
    }

    @Test(
        "a query goes over the socket and back",
        arguments: [
            UsageQuery(), UsageQuery(by: [.week, .user, .model, .tier]),
            UsageQuery(by: [.day], since: .daysAgo(7), until: .date("2026-03-01")),
            UsageQuery(since: UsageLimit("2026-W44"), until: UsageLimit("2026-W45")),
            UsageQuery(since: .week, service: "a b&c=d%ö/?😀,"),
        ])
    func parameters(query: UsageQuery) throws {
        #expect(query.parameters.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        #expect(try UsageQuery(parameters: query.parameters) == query)
    }

    private typealias Requests = (user: String, model: String, week: Int64, count: Int)

    private func answer(_ query: UsageQuery, _ rows: [Requests]) throws -> UsageReport {
        let days = rows.flatMap { row in
            (0..<row.count).map { _ in (user: row.user, model: row.model, week: row.week, day: Self.now.seconds) }
        }
        return try query.answer(from: counted(book(days)), now: Self.now, zone: .fixed(0))
    }

    private func rows(_ report: UsageReport) -> [String] {
        report.tables[0].rows.map { "\($0.values.joined(separator: " ")) \($0.sum.counts.requests)" }
    }

    private func book(_ requests: [(user: String, model: String, week: Int64, day: Int64)]) -> UsageBook {
        var book = UsageBook()
        for request in requests {
            let record = usage(
                user: request.user, model: request.model, input: 7, weekStart: request.week, time: request.day)
            book.record(record, prices: testPrices, zone: .fixed(0))
        }
        return book
    }

    private func counted(_ book: UsageBook) -> CountedUsage {
        CountedUsage(
            source: .files, configuration: "/c.json",
            files: [CountedUsage.File(path: "/u.json", services: ["codex"], book: book)], uncounted: [],
            prices: testPrices)
    }
}
