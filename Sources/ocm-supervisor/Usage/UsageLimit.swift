/// Where a period begins or ends, as it is asked for: `2026-11-01`, `today`, `yesterday`, `7d`, `2w`, `week`.
enum UsageLimit: Equatable, Sendable {
    /// A date of the calendar: `2026-11-01`.
    case date(String)
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
            } else {
                return nil
            }
        }
    }

    /// What ``init(_:)`` reads.
    var text: String {
        switch self {
        case .date(let date): date
        case .daysAgo(let days): "\(days)d"
        case .week: "week"
        }
    }

    /// The date, nil for the week of a limit, which is no matter of the calendar.
    func date(today: String) -> String? {
        switch self {
        case .date(let date): date
        case .daysAgo(let days): CalendarDay(today).map { $0.before(days: days).text }
        case .week: nil
        }
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

/// A date of the Gregorian calendar.
private struct CalendarDay {
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

    func before(days: Int64) -> CalendarDay {
        CalendarDay(midnight - .seconds(days * 86_400))
    }
}
