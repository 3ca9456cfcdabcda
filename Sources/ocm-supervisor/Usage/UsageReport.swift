/// The answer to a question about usage: what `GET /usage` and `ocm-supervisor usage --json` say, and the page shows.
struct UsageReport: Equatable, Sendable {
    struct File: Equatable, Sendable, Decodable {
        var path: String
        var services: [String]
    }

    /// A week of the login's limit.
    struct Week: Equatable, Sendable {
        /// Unix seconds.
        var start: Int64
        /// RFC 3339 in the zone of whoever answers; so is the following.
        var started: String
        var resets: String

        init(_ start: Int64, zone: LocalZone) {
            self.start = start
            started = zone.civil(start).rfc3339
            resets = zone.civil(UsagePeriod.end(ofWeek: start)).rfc3339
        }
    }

    /// When it was answered: RFC 3339 in the zone of whoever did, whose days are meant.
    var time: String
    var source: CountedUsage.Source
    /// The configuration's path.
    var configuration: String
    var files: [File]
    /// Services without a usage file.
    var uncounted: [String]
    var history: UsagePeriod.History
    /// A date or, in the history by week, the moment when its first week began; nil for no limit.
    var since: String?
    /// A date or the moment when the last week ends, nil for no limit.
    var until: String?
    /// The week that runs now, nil where there is none.
    var week: Week?
    var total: UsageSum
    var tables: [UsageTable]
    /// What has to be known to read this right, for people.
    var notes: [String]
    /// What keeps this from being the whole of it, for people.
    var problems: [String]
}

extension UsagePeriod {
    /// As a report says it.
    func start(in zone: LocalZone) -> String? {
        firstWeek.map { zone.civil($0).rfc3339 } ?? firstDay
    }

    func end(in zone: LocalZone) -> String? {
        lastWeek.map { zone.civil(Self.end(ofWeek: $0)).rfc3339 } ?? lastDay
    }
}

extension CivilTime {
    /// RFC 3339 in whole seconds with the offset: `2026-03-09T01:30:00+05:30`.
    var rfc3339: String { rfc3339(nanoseconds: 0).replacing(".000000000", with: "") }

    /// `2026-03-09 01:30 UTC+5:30`, without seconds.
    var minute: String { "\(date) \(time.prefix(5)) \(zoneName)" }

    /// `UTC`, `UTC+1`, `UTC+5:30`: as the usage file names them, which the letters of a zone do not do for everyone.
    var zoneName: String { offset == 0 ? "UTC" : String(weekKey.split(separator: " ").last ?? "") }
}
