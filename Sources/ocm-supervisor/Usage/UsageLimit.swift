/// Where a period begins or ends, as it is asked for: `2026-11-01`, `2026-W45`, `today`, `yesterday`, `7d`,
/// `2w`, `week`.
enum UsageLimit: Equatable, Sendable {
    /// A date of the calendar: `2026-11-01`.
    case date(String)
    /// A week of the calendar, Monday to Sunday (ISO 8601): `2026-W45`.
    case calendarWeek(CalendarWeek)
    /// So many days before today: 0 is today.
    case daysAgo(Int64)
    /// The week of the login's limit that runs now.
    case week

    /// Nil for anything that is none of them, and for more than 36500 days.
    init?(_ text: String) {
        switch text {
        case "today": self = .daysAgo(0)
        case "yesterday": self = .daysAgo(1)
        case "week": self = .week
        default:
            if let days = Self.days(text) {
                self = .daysAgo(days)
            } else if CalendarDay(text) != nil {
                self = .date(text)
            } else if let week = CalendarWeek(text) {
                self = .calendarWeek(week)
            } else {
                return nil
            }
        }
    }

    /// What ``init(_:)`` reads.
    var text: String {
        switch self {
        case .date(let date): date
        case .calendarWeek(let week): week.text
        case .daysAgo(let days): "\(days)d"
        case .week: "week"
        }
    }

    /// The first day of it, nil for the week of a limit, which is no matter of the calendar.
    func firstDate(today: String) -> String? {
        switch self {
        case .date(let date): date
        case .calendarWeek(let week): week.firstDate
        case .daysAgo(let days): CalendarDay(today).map { $0.moved(by: -days).text }
        case .week: nil
        }
    }

    /// The last day of it.
    func lastDate(today: String) -> String? {
        if case .calendarWeek(let week) = self { week.lastDate } else { firstDate(today: today) }
    }

    /// `7d` and `2w`
    private static func days(_ text: String) -> Int64? {
        let unit: Int64 =
            switch text.utf8.last {
            case UInt8(ascii: "d"): 1
            case UInt8(ascii: "w"): 7
            default: 0
            }
        let digits = text.utf8.dropLast()
        guard unit > 0, digits.count <= 5, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int64(String(text.dropLast())), number * unit <= 36_500
        else { return nil }
        return number * unit
    }
}
