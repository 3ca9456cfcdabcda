import ArgumentParser
import OCMEventLoop

struct Usage: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show who used what, and what it was worth.",
        discussion: """
            Without --by: the current week of the login's limit, by user and by model. Where no week is known, as with an \
            API key, the last seven days.

            A running supervisor is asked on its admin socket, and its answer has all that it has counted. Where none \
            runs, the usage files of the configuration are read with their journals; nothing is changed.

            Weeks are those of the login's limit, as the API reports them. Days are those of the supervisor's time zone, \
            from a history of their own, which does not know the weeks: days and weeks do not combine, and a limit \
            given as a date is answered from the days.

            Exit status: 0 shown; 1 no answer, or part of a file can't be read; 64 wrong arguments; 77 not permitted; \
            78 wrong configuration.
            """)

    @Option(
        name: .customLong("by"),
        help: ArgumentHelp(
            "Add up by user, model, tier, week or day.",
            discussion: "Several with commas, or several times: groups within groups, in that order.",
            valueName: "WHAT"),
        completion: .list(UsageDimension.allCases.map(\.rawValue)))
    var dimensions: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where the period begins.",
            discussion: """
                A date (2026-11-01), today, yesterday, 7d or 2w (so many days or weeks ago), a week of the calendar from \
                Monday to Sunday (2026-W45), or week (the current one of the login's limit). The day itself is in it.
                """,
            valueName: "WHEN"))
    var since: String?

    @Option(help: ArgumentHelp("Where it ends, in the same forms. The day or week itself is in it.", valueName: "WHEN"))
    var until: String?

    @Option(help: ArgumentHelp("The tag of one service; left out, all of them together.", valueName: "TAG"))
    var service: String?

    @Flag(help: "Print JSON: exact counts, costs with six decimals.")
    var json = false

    @Flag(
        help: """
            Print CSV, exact as JSON is: one table, by user and model where --by is left out. A name that a spreadsheet \
            would take for a formula has a quote before it.
            """)
    var csv = false

    @Flag(help: "Show all digits of counts and costs.")
    var exact = false

    @OptionGroup var search: AdminSocketSearch

    func validate() throws {
        if json && csv { throw ValidationError("--json and --csv exclude each other.") }
        _ = try query()
    }

    func run() throws {
        let report = try UsageSource(search: search).report(query())
        for problem in report.problems { StandardError.write("ocm-supervisor: \(problem)\n") }
        guard !report.files.isEmpty else {
            StandardError.write("ocm-supervisor: nothing is counted: no service has a usages_path\n")
            throw ExitCode.failure
        }
        try StandardOutput.write(try text(of: report))
        if !report.problems.isEmpty { throw ExitCode.failure }
    }

    private func text(of report: UsageReport) throws -> String {
        if json { return String(decoding: try BlockingLoop.run { await report.json(Pace()) }, as: UTF8.self) }
        if csv { return UsageCSV(report, zone: .system).text }
        return UsagePage(report, on: .standardOutput, zone: .system, isExact: exact).text
    }

    private func query() throws -> UsageQuery {
        do throws(UsageQueryError) {
            var query = UsageQuery(service: service)
            if !dimensions.isEmpty {
                query.by = try UsageQuery.dimensions(dimensions.joined(separator: ","), for: "--by")
            }
            if let since { query.since = try UsageQuery.limit(since, for: "--since") }
            if let until { query.until = try UsageQuery.limit(until, for: "--until") }
            if csv && query.by.isEmpty {
                query.by = [.user, .model]
                if query.since == nil && query.until == nil { query.since = .week }
            }
            return query
        } catch {
            throw ValidationError("\(error.text).")
        }
    }
}
