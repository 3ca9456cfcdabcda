/// The time that a query is about, and which of the two histories can tell of it.
struct UsagePeriod: Equatable, Sendable {
    enum History: String, Sendable {
        case weeks, days
    }

    /// When a week of the login's limit ends and the limit is reset; the start may be whatever a file says.
    static func end(ofWeek start: Int64) -> Int64 {
        start > .max - 7 * 86_400 ? .max : start + 7 * 86_400
    }

    var history: History
    /// Dates, both included.
    var firstDay: String?
    var lastDay: String?
    /// Starts of weeks in Unix seconds, both included.
    var firstWeek: Int64?
    var lastWeek: Int64?

    /// Whether anything is left out.
    var isLimited: Bool { firstDay != nil || lastDay != nil || firstWeek != nil || lastWeek != nil }

    /// - Parameters:
    ///   - week: the start of the week that runs now, nil where there is none.
    ///   - zone: whose days they are.
    init(
        since: UsageLimit?, until: UsageLimit?, by: [UsageDimension], week: Int64?, now: Int64, zone: LocalZone
    ) throws(UsageQueryError) {
        let today = zone.civil(now).date
        let isDated = [since, until].contains { $0.map { $0 != .week || week == nil } ?? false }
        history = by.contains(.day) || (isDated && !by.contains(.week)) ? .days : .weeks
        guard !(by.contains(.day) && by.contains(.week)) else { throw .daysAndWeeks }
        switch since {
        case .week? where week != nil && history == .weeks: firstWeek = week
        // Without a week of a limit, the last seven days are its like.
        case .week?: firstDay = week.map { zone.civil($0).date } ?? UsageLimit.daysAgo(6).firstDate(today: today)
        default: firstDay = since?.firstDate(today: today)
        }
        switch until {
        case .week? where week != nil && history == .weeks: lastWeek = week
        case .week?: lastDay = week.map { zone.civil(Self.end(ofWeek: $0) - 1).date } ?? today
        default: lastDay = until?.lastDate(today: today)
        }
        if let firstDay, let lastDay, firstDay > lastDay { throw .backwards(since: firstDay, until: lastDay) }
    }

    /// Whether a week of the history by week is in it, in part at least.
    func contains(week start: Int64?, zone: LocalZone) -> Bool {
        guard isLimited else { return true }
        guard let start else { return false }
        if let firstWeek, start < firstWeek { return false }
        if let lastWeek, start > lastWeek { return false }
        if let firstDay, zone.civil(Self.end(ofWeek: start) - 1).date < firstDay { return false }
        if let lastDay, zone.civil(start).date > lastDay { return false }
        return true
    }
}
