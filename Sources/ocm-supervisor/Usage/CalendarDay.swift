/// A date of the Gregorian calendar.
struct CalendarDay: Equatable, Sendable {
    private let midnight: Timestamp

    /// Reads `2026-11-01`.
    init?(_ text: String) {
        guard text.utf8.count == 10, let midnight = Timestamp(rfc3339: "\(text)T00:00:00Z") else { return nil }
        self.midnight = midnight
    }

    private init(_ midnight: Timestamp) {
        self.midnight = midnight
    }

    var text: String { String(midnight.rfc3339.prefix(10)) }

    /// 0 is Monday.
    var weekday: Int64 {
        // 1970 began with a Thursday.
        let days = midnight.seconds / 86_400 + 3
        return (days % 7 + 7) % 7
    }

    func moved(by days: Int64) -> CalendarDay {
        CalendarDay(midnight + .seconds(days * 86_400))
    }
}

/// A week of a year as ISO 8601 counts them: Monday to Sunday, and it belongs to the year that its Thursday is in.
struct CalendarWeek: Equatable, Sendable {
    /// `2026-W45`
    let text: String
    private let monday: CalendarDay

    /// Nil for anything else, and for the 53rd week of a year that has 52.
    init?(_ text: String) {
        let parts = text.split(separator: "-W", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 4, parts[1].utf8.count == 2, let week = UInt8(parts[1]),
            parts[1].utf8.first != UInt8(ascii: "+"), (1...53).contains(week),
            let inFirst = CalendarDay("\(parts[0])-01-04")
        else { return nil }
        // The fourth of January is always in the first week.
        monday = inFirst.moved(by: 7 * (Int64(week) - 1) - inFirst.weekday)
        guard monday.moved(by: 3).text.hasPrefix(parts[0]) else { return nil }
        self.text = text
    }

    var firstDate: String { monday.text }
    var lastDate: String { monday.moved(by: 6).text }
}
