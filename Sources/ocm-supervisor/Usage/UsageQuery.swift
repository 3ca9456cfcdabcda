internal import OCMEventLoop

/// A question about usage: pure, the same for a supervisor that runs and for files.
struct UsageQuery: Equatable, Sendable {
    /// None at all asks for what one wants to know first: the current week, by user and by model.
    var by: [UsageDimension] = []
    var since: UsageLimit?
    var until: UsageLimit?
    /// The tag of one service, nil for all.
    var service: String?

    /// The answer, as of now, with dates in a zone; in slices, for it may be about years.
    @EventLoop func answer(
        from counted: CountedUsage, now: WallTime, zone: LocalZone, _ pace: Pace
    ) async throws(UsageQueryError) -> UsageReport {
        let counted = try counted.narrowed(to: service)
        var weekly: [UsageEntry] = []
        for file in counted.files { weekly += await file.book.weeklyEntries(at: counted.prices, pace) }
        let week = Self.currentWeek(in: weekly, now: now.seconds)
        let isPage = by.isEmpty
        let period = try UsagePeriod(
            since: since ?? (isPage && until == nil ? .week : nil), until: until, by: by, week: week, now: now.seconds,
            zone: zone)
        var entries: [UsageEntry] = []
        switch period.history {
        case .weeks:
            for entry in weekly {
                if period.contains(week: entry.week, zone: zone) { entries.append(entry) }
                await pace.step()
            }
        case .days:
            for file in counted.files {
                entries += await file.book.dailyEntries(
                    at: counted.prices, from: period.firstDay, to: period.lastDay, pace)
            }
        }
        var total = UsageSum()
        for entry in entries { total += entry.sum }
        var tables: [UsageTable] = []
        for dimensions in isPage ? [[.user], [.model]] : [by] {
            tables.append(await UsageTable(entries, by: dimensions, pace))
        }
        let remarks = UsageRemarks(counted: counted, weekly: weekly, period: period, query: self, zone: zone)
        return UsageReport(
            time: zone.civil(now.seconds).rfc3339, source: counted.source, configuration: counted.configuration,
            files: counted.files.map { UsageReport.File(path: $0.path, services: $0.services) },
            uncounted: counted.uncounted, history: period.history, since: period.start(in: zone),
            until: period.end(in: zone), week: week.map { UsageReport.Week($0, zone: zone) }, total: total,
            tables: tables, notes: remarks.texts, problems: counted.files.flatMap(\.problems))
    }

    /// The start of the week that runs now: the latest, where the limit was reset ahead of time.
    private static func currentWeek(in entries: [UsageEntry], now: Int64) -> Int64? {
        entries.lazy.compactMap(\.week).filter { $0 <= now && now < UsagePeriod.end(ofWeek: $0) }.max()
    }
}

// As the admin socket takes it: `by=user,model&since=7d&service=codex`.
extension UsageQuery {
    init(parameters text: String) throws(UsageQueryError) {
        for part in text.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(pair[0])
            guard pair.count == 2, let value = PercentEncoding.decoded(pair[1]) else {
                throw .parameter(name.quoted, wanted: "a value, percent-encoded: name=value")
            }
            try set(name, value)
        }
    }

    private mutating func set(_ name: String, _ value: String) throws(UsageQueryError) {
        switch name {
        case "by": by = try Self.dimensions(value, for: name)
        case "since": since = try Self.limit(value, for: name)
        case "until": until = try Self.limit(value, for: name)
        case "service": service = value
        default: throw .parameter("the path /usage", wanted: "by, since, until and service, not \(name.quoted)")
        }
    }

    /// What ``init(parameters:)`` reads.
    var parameters: String {
        let pairs = [
            ("by", by.isEmpty ? nil : by.listed), ("since", since?.text), ("until", until?.text), ("service", service),
        ]
        return pairs.compactMap { name, value in value.map { "\(name)=\(PercentEncoding.encoded($0))" } }
            .joined(separator: "&")
    }

    static func dimensions(_ text: String, for name: String) throws(UsageQueryError) -> [UsageDimension] {
        guard let dimensions = [UsageDimension](listed: text) else {
            throw .parameter(
                name,
                wanted: "\(UsageDimension.allCases.map(\.rawValue).joined(separator: ", ")), "
                    + "each once, several with commas between them, not \(text.quoted)")
        }
        if dimensions.contains(.day) && dimensions.contains(.week) { throw .daysAndWeeks }
        return dimensions
    }

    static func limit(_ text: String, for name: String) throws(UsageQueryError) -> UsageLimit {
        guard let limit = UsageLimit(text) else {
            throw .parameter(
                name,
                wanted: "a date (2026-11-01), a week (2026-W45), today, yesterday, 7d or 2w (so long ago), or week "
                    + "(the current one of the login's limit), not \(text.quoted)")
        }
        return limit
    }
}

/// RFC 3986 section 2.1.
enum PercentEncoding {
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: ","):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Nil where a percent sign is not followed by two digits, or what comes out is not UTF-8.
    static func decoded(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
