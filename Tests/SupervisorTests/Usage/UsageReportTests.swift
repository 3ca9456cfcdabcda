import OCMIPC
import Testing

@testable import ocm_supervisor

/// A report in its three forms.
struct UsageReportTests {
    private static let week: Int64 = 1_773_000_000

    private func report(_ by: [UsageDimension], users: [String] = ["alice", "bob"], input: UInt64 = 1_234_567) throws
        -> UsageReport
    {
        var book = UsageBook()
        for (index, user) in users.enumerated() {
            book.record(
                usage(
                    user: user, model: "gpt-5.5", input: input / UInt64(index + 1), cached: 9, written: 3, output: 5,
                    reasoning: 2, weekStart: Self.week, time: Self.week), prices: testPrices, zone: .fixed(0))
        }
        let counted = CountedUsage(
            source: .supervisor, configuration: "/c.json",
            files: [
                CountedUsage.File(
                    path: "/u.json", services: ["codex"], book: book, notes: ["Mind."], problems: ["a\"b"])
            ], uncounted: ["x"], prices: testPrices)
        return try UsageQuery(by: by).answer(
            from: counted, now: WallTime(seconds: Self.week + 86_400), zone: .fixed(19_800))
    }

    @Test(
        "JSON is read back as it was",
        arguments: [[], [.user], [.week, .user], [.day, .tier], [.model]] as [[UsageDimension]])
    func json(by: [UsageDimension]) throws {
        var report = try report(by)
        let json = try report.json()
        // Six decimals of a cost are kept.
        report.total.cost = rounded(report.total.cost)
        for table in report.tables.indices {
            for row in report.tables[table].rows.indices {
                report.tables[table].rows[row].sum.cost = rounded(report.tables[table].rows[row].sum.cost)
            }
        }
        #expect(UsageReport(json: json) == report)
        #expect(UsageReport(json: Array("{}".utf8)) == nil)
        #expect(UsageReport(json: Array(json.dropLast(3))) == nil)
    }

    @Test("the largest numbers go through JSON unharmed")
    func largest() throws {
        var report = try report([.user])
        report.total.counts.input = UInt64(Int64.max)
        report.total.cost = PicoDollars(amount: 123_456_789_012_345_678_901_234_000_000)
        #expect(UsageReport(json: try report.json())?.total == report.total)
    }

    @Test("times carry the offset of the zone that they are in")
    func times() throws {
        let report = try report([])
        #expect(report.time == "2026-03-10T01:30:00+05:30")
        #expect(
            report.week?.started == "2026-03-09T01:30:00+05:30" && report.week?.resets == "2026-03-16T01:30:00+05:30")
        #expect(LocalZone.fixed(0).civil(0).minute == "1970-01-01 00:00 UTC")
        #expect(LocalZone.fixed(-12_600).civil(0).minute == "1969-12-31 20:30 UTC-3:30")
    }

    @Test("CSV quotes what has to be, and ends lines with line feeds")
    func csv() throws {
        let names = ["plain", "a,b", "say \"hi\"", "two\nlines", ""]
        let text = UsageCSV(try report([.user], users: names, input: 0), zone: .fixed(0)).text
        let rows = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            rows[0]
                == "user,request_count,input_tokens,output_tokens,cached_tokens,cache_write_tokens,reasoning_tokens,cost_usd"
        )
        #expect(
            text.contains("\n\"a,b\",1,") && text.contains("\n\"say \"\"hi\"\"\",1,")
                && text.contains("\n\"two\nlines\",1,"))
        #expect(text.contains("\nplain,1,") && text.contains("\n,1,") && text.hasSuffix("\n"))
        let week = UsageCSV(try report([.week]), zone: .fixed(3600)).text
        #expect(week.contains("\n1773000000,2026-03-08T21:00:00+01:00,2026-03-15T21:00:00+01:00,2,"))
    }

    @Test("the page names the zone of its times and shows digits as asked")
    func page() throws {
        let report = try report([])
        let text = UsagePage(report, on: Terminal(width: nil, showsUnicode: false), zone: .fixed(3600)).text
        #expect(text.contains("  resets    2026-03-15 21:00 UTC+1, in 6 days\n"))
        #expect(text.contains("1.85M tokens") && text.contains("$9.26\n"))
        #expect(text.hasSuffix("Mind.\nNothing is counted of x: there is no usages_path.\n"))
        let exact = UsagePage(report, on: Terminal(width: nil, showsUnicode: false), zone: .fixed(3600), isExact: true)
            .text
        #expect(exact.contains("1,851,850 tokens") && exact.contains("$9.259550\n"))
    }

    @Test("names can't steer the terminal")
    func control() throws {
        let text = UsagePage(
            try report([.user], users: ["\u{1b}[2Jx", "a\u{9b}b"]), on: Terminal(width: 80, showsUnicode: true),
            zone: .fixed(0)
        ).text
        #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
    }

    @Test(
        "counts are short and true to three digits",
        arguments: [
            (0, "0"), (999, "999"), (9_999, "9,999"), (10_000, "10.0k"), (12_345, "12.3k"), (99_949, "99.9k"),
            (99_950, "100k"), (999_499, "999k"), (999_500, "1.00M"), (1_234_567, "1.23M"), (9_995_000, "10.0M"),
            (123_456_789, "123M"), (999_999_999_999, "1.00T"), (9_223_372_036_854_775_807, "9.22E"),
        ] as [(UInt64, String)])
    func short(count: UInt64, text: String) {
        #expect(ReadableNumber.short(count) == text)
    }

    @Test(
        "costs are in cents, and something is never nothing",
        arguments: [
            (0, "$0.00"), (1, "<$0.01"), (4_999_999_999, "<$0.01"), (5_000_000_000, "$0.01"),
            (1_000_000_000_000, "$1.00"), (1_234_567_894_999_999_999, "$1,234,567.89"),
        ] as [(UInt128, String)])
    func dollars(amount: UInt128, text: String) {
        #expect(ReadableNumber.dollars(PicoDollars(amount: amount)) == text)
    }

    @Test("names give way to the width of the terminal, two columns for a wide character")
    func narrow() {
        let names = ["a-name-of-some-length", "名前の長い利用者さん", "e\u{301}mile"]
        for width in 20...60 {
            let table = TextTable(
                columns: [
                    .init(title: "user", cells: names),
                    .init(title: "cost", cells: ["$1.00", "$22.00", "$3.00"], isNumber: true),
                    .init(title: "cached", cells: ["1", "2", "3"], isNumber: true, dispensable: 1),
                ], bars: [1, 0.5, 0.001], terminal: Terminal(width: width, showsUnicode: true))
            #expect(table.lines.allSatisfy { Terminal.columns(of: $0) <= width })
            #expect(table.lines.count == 4)
        }
    }

    @Test(
        "a locale's name says whether it is UTF-8",
        arguments: [
            ("C.UTF-8", true), ("de_DE.utf8@euro", true), ("C", false), ("de_DE.ISO-8859-1", false), ("UTF-8", false),
            ("", false),
        ])
    func locales(name: String, isUnicode: Bool) {
        #expect(Terminal.isUnicode(name) == isUnicode)
    }

    private func rounded(_ cost: PicoDollars) -> PicoDollars {
        PicoDollars(amount: (cost.amount + 500_000) / 1_000_000 * 1_000_000)
    }
}
