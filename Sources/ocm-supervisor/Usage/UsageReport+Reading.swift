internal import FoundationEssentials

extension UsageReport {
    /// Reads what ``json`` writes; members that are not known are passed over. Nil where it is no such report.
    init?(json: [UInt8]) {
        guard let listing = try? JSONDecoder().decode(ReportListing.self, from: Data(json)),
            let report = listing.report
        else { return nil }
        self = report
    }
}

private struct ReportListing: Decodable {
    struct Week: Decodable {
        var start_unix: Int64
        var start: String
        var resets: String
    }

    struct Table: Decodable {
        var by: [String]
        var rows: [RowListing]

        var table: UsageTable? {
            let dimensions = by.compactMap { UsageDimension(rawValue: $0) }
            guard dimensions.count == by.count else { return nil }
            return UsageTable(
                by: dimensions,
                rows: rows.map { row in
                    UsageTable.Row(values: dimensions.map { row.value(of: $0) }, sum: row.sum.sum)
                })
        }
    }

    var time: String
    var source: String
    var configuration: String
    var files: [UsageReport.File]
    var uncounted: [String]
    var history: String
    var since: String?
    var until: String?
    var week: Week?
    var total: SumListing
    var tables: [Table]
    var notes: [String]
    var problems: [String]

    var report: UsageReport? {
        guard let source = CountedUsage.Source(rawValue: source),
            let history = UsagePeriod.History(rawValue: history)
        else { return nil }
        let tables = tables.compactMap(\.table)
        guard tables.count == self.tables.count else { return nil }
        return UsageReport(
            time: time, source: source, configuration: configuration, files: files, uncounted: uncounted,
            history: history, since: since, until: until,
            week: week.map { UsageReport.Week(start: $0.start_unix, started: $0.start, resets: $0.resets) },
            total: total.sum, tables: tables, notes: notes, problems: problems)
    }
}

extension UsageReport.Week {
    fileprivate init(start: Int64, started: String, resets: String) {
        self.start = start
        self.started = started
        self.resets = resets
    }
}

private struct RowListing: Decodable {
    private enum Key: String, CodingKey {
        case user, model, service_tier, week_start_unix, day
    }

    private let user, model, tier, day: String?
    private let week: Int64?
    let sum: SumListing

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        user = try members.decodeIfPresent(String.self, forKey: .user)
        model = try members.decodeIfPresent(String.self, forKey: .model)
        tier = try members.decodeIfPresent(String.self, forKey: .service_tier)
        week = try members.decodeIfPresent(Int64.self, forKey: .week_start_unix)
        day = try members.decodeIfPresent(String.self, forKey: .day)
        sum = try SumListing(from: decoder)
    }

    func value(of dimension: UsageDimension) -> String {
        switch dimension {
        case .user: user ?? ""
        case .model: model ?? ""
        case .tier: tier ?? ""
        case .day: day ?? ""
        case .week: week.map { $0 == 0 ? "" : "\($0)" } ?? ""
        }
    }
}

private struct SumListing: Decodable {
    var request_count: UInt64
    var input_tokens: UInt64
    var output_tokens: UInt64
    var cached_tokens: UInt64
    var cache_write_tokens: UInt64
    var reasoning_tokens: UInt64
    /// Read digit by digit: a Double holds no more than sixteen of them.
    var cost_usd: Decimal

    var sum: UsageSum {
        var sum = UsageSum()
        sum.counts.requests = request_count
        sum.counts.input = input_tokens
        sum.counts.output = output_tokens
        sum.counts.cached = cached_tokens
        sum.counts.cacheWrite = cache_write_tokens
        sum.counts.reasoning = reasoning_tokens
        sum.cost = PicoDollars(dollars: "\(cost_usd)") ?? .zero
        return sum
    }
}

extension PicoDollars {
    /// Reads `1.234567`: digits, and after a point up to six more.
    fileprivate init?(dollars text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let decimals = parts.count > 1 ? parts[1] : ""
        guard (1...2).contains(parts.count), decimals.utf8.count <= 6, let whole = UInt128(parts[0]),
            let micros = UInt128(decimals + String(repeating: "0", count: 6 - decimals.utf8.count))
        else { return nil }
        let (amount, overflow) = whole.multipliedReportingOverflow(by: 1_000_000_000_000)
        guard !overflow else { return nil }
        self = PicoDollars(amount: amount) + PicoDollars(amount: micros * 1_000_000)
    }
}
