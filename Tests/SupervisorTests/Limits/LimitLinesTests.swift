import Testing

@testable import ocm_supervisor

@Suite("The limits on the status page")
struct LimitLinesTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    private func window(_ minutes: UInt32?, _ used: Double?, in seconds: Int64?) -> StatusReport.Limits.Window {
        .init(minutes: minutes, used_percent: used, resets: seconds.map { (now + .seconds($0)).wholeSeconds })
    }

    private func lines(
        _ windows: [StatusReport.Limits.Window], others: [StatusReport.Limits.Family] = [],
        credits: StatusReport.Limits.Credits? = nil
    ) -> [String] {
        let family = StatusReport.Limits.Family(limit: "codex", name: nil, seen: now.wholeSeconds, windows: windows)
        let limits = StatusReport.Limits(
            seen: now.wholeSeconds, active: nil, families: [family] + others, credits: credits)
        let rows = LimitLines(limits: limits, time: LocalTime(now: now)).rows
        #expect(rows.map(\.name) == rows.indices.map { $0 == 0 ? "limits" : "" })
        return rows.map(\.text)
    }

    private func clock(_ seconds: Int64) -> String { LocalTime(now: now).clock(now + .seconds(seconds)) }

    @Test("say how much of each window is used and when it begins anew, and how old that is")
    func windows() {
        #expect(
            lines([window(300, 37, in: 7800), window(10080, 12.5, in: 200_000)]) == [
                "5 h window 37 % used, resets \(clock(7800)) (in 2 h 10 min)",
                "7 day window 12.5 % used, resets \(clock(200_000)) (in 2 days 7 h)", "as of now (\(clock(0)))",
            ])
    }

    @Test(
        "name a window by its length, whatever that is",
        arguments: [
            (300, "5 h window"), (1440, "1 day window"), (10080, "7 day window"), (43200, "30 day window"),
            (90, "1 h 30 min window"), (10079, "6 days 23 h window"), (0, "window"), (nil, "window"),
        ] as [(UInt32?, String)])
    func names(minutes: UInt32?, name: String) {
        #expect(lines([window(minutes, 1, in: nil)]).first == "\(name) 1 % used")
    }

    @Test(
        "round the use to a tenth",
        arguments: [(0, "0"), (0.04, "0"), (0.05, "0.1"), (99.96, "100"), (104, "104")] as [(Double, String)])
    func use(percent: Double, text: String) {
        #expect(lines([window(300, percent, in: nil)]).first == "5 h window \(text) % used")
    }

    @Test("claim nothing that is not known, or not any more")
    func unknown() {
        #expect(lines([window(300, nil, in: 60)]).first == "5 h window use not known, resets \(clock(60)) (in 1 min)")
        #expect(lines([window(300, 99, in: -60)]).first == "5 h window has begun anew \(clock(-60)) (1 min ago)")
        #expect(lines([]) == [])
    }

    @Test("tell several limits apart by name, and the older ones by their age")
    func families() {
        let spark = StatusReport.Limits.Family(
            limit: "spark", name: "GPT-5.3-Codex-Spark", seen: (now - .seconds(7200)).wholeSeconds,
            windows: [window(300, 1, in: nil)])
        #expect(
            lines([window(300, 2, in: nil)], others: [spark]) == [
                "codex: 5 h window 2 % used", "GPT-5.3-Codex-Spark: 5 h window 1 % used, as of 2 h ago",
                "as of now (\(clock(0)))",
            ])
    }

    @Test("show credits where there are any")
    func credits() {
        func line(_ available: Bool?, _ unlimited: Bool?, _ balance: String?) -> [String] {
            lines([], credits: .init(available: available, unlimited: unlimited, balance: balance)).dropLast()
        }
        #expect(line(true, false, "9.99") == ["credits: 9.99 left"])
        #expect(line(true, true, "0") == ["credits without limit"])
        #expect(line(false, false, "0") == [] && line(nil, nil, nil) == [])
    }
}
