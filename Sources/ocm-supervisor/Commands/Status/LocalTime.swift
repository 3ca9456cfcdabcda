import Glibc

/// Moments as people read them: by the clock on their wall, and from now.
struct LocalTime {
    let now: Timestamp

    /// `21:50:11 CET`, with the date where it is not today's: `2026-03-09 21:50:11 CET`. The zone is the local one (TZ).
    func clock(_ time: Timestamp) -> String {
        let (date, clock, zone) = Self.parts(time)
        return date == Self.parts(now).date ? "\(clock) \(zone)" : "\(date) \(clock) \(zone)"
    }

    /// `in 42 min`, `12 min ago`, `now`.
    func relative(_ time: Timestamp) -> String {
        let seconds = time.seconds - now.seconds
        if seconds == 0 { return "now" }
        return seconds > 0 ? "in \(Self.words(seconds))" : "\(Self.words(-seconds)) ago"
    }

    /// Two units at most, the smaller one left out where it is nothing: `42 s`, `12 min`, `2 h 5 min`, `3 days 4 h`.
    static func words(_ seconds: Int64) -> String {
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3600: return "\(seconds / 60) min"
        case ..<86400: return pair("\(seconds / 3600) h", seconds / 60 % 60, "min")
        default:
            let days = seconds / 86400
            return pair(days == 1 ? "1 day" : "\(days) days", days < 10 ? seconds / 3600 % 24 : 0, "h")
        }
    }

    private static func pair(_ large: String, _ small: Int64, _ unit: String) -> String {
        small == 0 ? large : "\(large) \(small) \(unit)"
    }

    private static func parts(_ time: Timestamp) -> (date: String, clock: String, zone: String) {
        var seconds = time_t(time.seconds)
        var parts = unsafe tm()
        guard unsafe localtime_r(&seconds, &parts) != nil else { return ("", time.rfc3339, "UTC") }
        let date = unsafe [digits(parts.tm_year + 1900, 4), digits(parts.tm_mon + 1, 2), digits(parts.tm_mday, 2)]
        let clock = unsafe [digits(parts.tm_hour, 2), digits(parts.tm_min, 2), digits(parts.tm_sec, 2)]
        let zone = unsafe parts.tm_zone.map { unsafe String(cString: $0) } ?? ""
        return (date.joined(separator: "-"), clock.joined(separator: ":"), zone)
    }

    private static func digits(_ number: Int32, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
