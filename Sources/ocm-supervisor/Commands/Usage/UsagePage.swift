/// A report for someone who reads it.
struct UsagePage {
    let report: UsageReport
    let terminal: Terminal
    /// Whose clock weeks are shown by.
    let zone: LocalZone
    let isExact: Bool

    init(_ report: UsageReport, on terminal: Terminal, zone: LocalZone, isExact: Bool = false) {
        self.report = report
        self.terminal = terminal
        self.zone = zone
        self.isExact = isExact
    }

    /// Ends with a line end. What comes from files, such as names, can't move the terminal's cursor.
    var text: String {
        var lines = heading
        if report.total != UsageSum() {
            for table in report.tables { lines += [""] + UsageTableText(table, page: self).lines }
        }
        if !report.notes.isEmpty { lines.append("") }
        for note in report.notes { lines += wrapped(note) }
        return lines.map { Printable.line($0) + "\n" }.joined()
    }

    private var heading: [String] {
        let counts = report.total.counts
        var lines = wrapped(title)
        if let week = report.week,
            report.since == week.started || report.tables.contains(where: { $0.by.contains(.week) })
        {
            if report.since == week.started { lines.append(row("from", zone.civil(week.start).minute)) }
            lines.append(row("resets", resets(week)))
        }
        guard report.total != UsageSum() else { return lines + [row("requests", "none")] }
        lines.append(row("requests", count(counts.requests)))
        lines.append(row("input", "\(count(counts.input)) tokens, \(count(counts.cached)) of them cached"))
        lines.append(row("output", "\(count(counts.output)) tokens, \(count(counts.reasoning)) of them reasoning"))
        lines.append(row("cost", dollars(report.total.cost)))
        return lines
    }

    private var title: String {
        let services = report.files.flatMap(\.services).sorted().joined(separator: ", ")
        switch (report.since, report.until) {
        case (nil, nil): return "All usage of \(services)"
        case (let since?, nil) where since == report.week?.started: return "This week's usage of \(services)"
        case (let since?, nil): return "Usage of \(services) since \(moment(since))"
        case (nil, let until?): return "Usage of \(services) until \(moment(until))"
        case (let since?, let until?): return "Usage of \(services) from \(moment(since)) to \(moment(until))"
        }
    }

    /// `2026-11-26 14:00 UTC+1, in 3 days 17 h`
    private func resets(_ week: UsageReport.Week) -> String {
        let end = UsagePeriod.end(ofWeek: week.start)
        let now = Timestamp(rfc3339: report.time) ?? .now
        return "\(zone.civil(end).minute), \(LocalTime(now: now).relative(Timestamp(seconds: end)))"
    }

    /// A date as it is, a moment by the local clock.
    private func moment(_ text: String) -> String {
        text.count == 10 ? text : Timestamp(rfc3339: text).map { zone.civil($0.seconds).minute } ?? text
    }

    func count(_ number: UInt64) -> String {
        isExact ? ReadableNumber.grouped("\(number)") : ReadableNumber.short(number)
    }

    func dollars(_ cost: PicoDollars) -> String {
        isExact ? ReadableNumber.exactDollars(cost) : ReadableNumber.dollars(cost)
    }

    private func row(_ name: String, _ text: String) -> String {
        "  \(name)\(String(repeating: " ", count: max(1, 10 - name.count)))\(text)"
    }

    private func wrapped(_ text: String) -> [String] {
        guard let width = terminal.width else { return [text] }
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, Terminal.columns(of: last) + 1 + Terminal.columns(of: word) <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

/// One table of the page.
struct UsageTableText {
    let table: UsageTable
    let page: UsagePage

    init(_ table: UsageTable, page: UsagePage) {
        self.table = table
        self.page = page
    }

    var lines: [String] {
        // One row is its own total.
        let sums = table.rows.map(\.sum) + (table.rows.count > 1 ? [page.report.total] : [])
        let columns = table.by.indices.flatMap(names) + numbers(sums)
        return TextTable(columns: columns, bars: bars, terminal: page.terminal).lines
    }

    private func names(_ index: Int) -> [TextTable.Column] {
        let values = table.rows.map { $0.values[index] }
        let repeats = table.rows.indices.map { row in
            row > 0 && index < table.by.count - 1
                && table.rows[row].values[...index] == table.rows[row - 1].values[...index]
        }
        let dimension = table.by[index]
        func column(_ title: String, _ cells: [String], dispensable: Int = 0) -> TextTable.Column {
            let total = table.rows.count > 1 ? [index == 0 && dispensable == 0 ? "total" : ""] : []
            // What a group has in common is said once.
            let cells = zip(cells, repeats).map { $1 ? "" : $0 } + total
            return TextTable.Column(title: title, cells: cells, dispensable: dispensable)
        }
        guard dimension == .week else {
            return [
                column(dimension.rawValue, values.map { $0.isEmpty ? "no \(dimension.rawValue)" : Printable.line($0) })
            ]
        }
        let starts = values.map { Int64($0) }
        return [
            column("week from", starts.map { $0.map { page.zone.civil($0).minute } ?? "no week" }),
            column(
                "resets", starts.map { $0.map { page.zone.civil(UsagePeriod.end(ofWeek: $0)).minute } ?? "" },
                dispensable: 2),
        ]
    }

    private func numbers(_ sums: [UsageSum]) -> [TextTable.Column] {
        func column(_ title: String, dispensable: Int = 0, _ cell: (UsageSum) -> String) -> TextTable.Column {
            TextTable.Column(title: title, cells: sums.map(cell), isNumber: true, dispensable: dispensable)
        }
        return [
            column("requests") { page.count($0.counts.requests) },
            column("input") { page.count($0.counts.input) },
            column("cached", dispensable: 1) { page.count($0.counts.cached) },
            column("output") { page.count($0.counts.output) },
            column("cost") { page.dollars($0.cost) },
        ]
    }

    /// Of the cost; where nothing has a price, of the requests.
    private var bars: [Double] {
        let costs = table.rows.map { Double($0.sum.cost.amount) }
        let sizes = costs.contains { $0 > 0 } ? costs : table.rows.map { Double($0.sum.counts.requests) }
        guard let longest = sizes.max(), longest > 0 else { return [] }
        return sizes.map { $0 / longest }
    }
}
