/// The one table of a report as RFC 4180 has it, but with line feeds alone, as tools of this system like it. No name is a
/// formula.
struct UsageCSV {
    let report: UsageReport
    let zone: LocalZone

    init(_ report: UsageReport, zone: LocalZone) {
        self.report = report
        self.zone = zone
    }

    var text: String {
        guard let table = report.tables.first else { return "" }
        let counts = [
            "request_count", "input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens",
            "reasoning_tokens", "cost_usd",
        ]
        var lines = [table.by.flatMap(Self.titles) + counts]
        for row in table.rows {
            lines.append(zip(table.by, row.values).flatMap { cells($1, $0) } + Self.cells(row.sum))
        }
        return lines.map { $0.map(Self.field).joined(separator: ",") + "\n" }.joined()
    }

    private static func titles(_ dimension: UsageDimension) -> [String] {
        switch dimension {
        case .tier: ["service_tier"]
        case .week: ["week_start_unix", "week_start", "week_resets"]
        default: [dimension.rawValue]
        }
    }

    private func cells(_ value: String, _ dimension: UsageDimension) -> [String] {
        guard dimension == .week else { return [Self.harmless(value)] }
        guard let start = Int64(value) else { return ["", "", ""] }
        return [value, zone.civil(start).rfc3339, zone.civil(UsagePeriod.end(ofWeek: start)).rfc3339]
    }

    /// A spreadsheet takes a field for a formula that begins with one of these, and a quote before it as a word to the
    /// contrary: models and users are named by others than who opens the file.
    private static func harmless(_ text: String) -> String {
        "=+-@\t\r".utf8.contains { $0 == text.utf8.first } ? "'" + text : text
    }

    private static func cells(_ sum: UsageSum) -> [String] {
        let counts = sum.counts
        return [
            counts.requests, counts.input, counts.output, counts.cached, counts.cacheWrite, counts.reasoning,
        ].map { "\($0)" } + [sum.cost.dollars]
    }

    private static func field(_ text: String) -> String {
        let needsQuotes = text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
        return needsQuotes ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
    }
}
