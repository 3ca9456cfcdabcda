internal import Glibc

/// A moment of civil time.
struct WallTime: Equatable, Sendable {
    /// Unix seconds.
    var seconds: Int64
    /// 0 to 999 999 999.
    var nanoseconds: Int = 0

    static var now: WallTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(seconds: Int64(time.tv_sec), nanoseconds: time.tv_nsec)
    }
}

/// Whose clock on the wall a moment is shown on.
enum LocalZone: Equatable, Sendable {
    /// The machine's zone, or what TZ says.
    case system
    /// So many seconds east of Greenwich, all year.
    case fixed(Int)

    /// The moment as this zone's calendar and clock show it.
    func civil(_ unixSeconds: Int64) -> CivilTime {
        switch self {
        case .system:
            let (parts, offset) = unsafe Self.broken(unixSeconds, by: localtime_r)
            return CivilTime(parts, offset: offset)
        case .fixed(let offset):
            let (parts, _) = unsafe Self.broken(unixSeconds &+ Int64(offset), by: gmtime_r)
            return CivilTime(parts, offset: offset)
        }
    }

    private typealias Breaker = (UnsafePointer<time_t>?, UnsafeMutablePointer<tm>?) -> UnsafeMutablePointer<tm>?

    /// Year to second as the C library counts them, and the seconds east of Greenwich.
    private static func broken(_ unixSeconds: Int64, by breaker: Breaker) -> (CivilTime.Parts, offset: Int) {
        var time = time_t(unixSeconds)
        var parts = unsafe tm()
        _ = unsafe breaker(&time, &parts)
        return unsafe (
            (
                Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday), Int(parts.tm_hour),
                Int(parts.tm_min), Int(parts.tm_sec)
            ),
            parts.tm_gmtoff
        )
    }
}

/// A date and a time of day, and how far they are from UTC.
struct CivilTime: Equatable, Sendable {
    fileprivate typealias Parts = (year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int)

    /// `2026-03-09`
    var date: String
    /// `01:30:00`
    var time: String
    /// Seconds east of Greenwich.
    var offset: Int

    fileprivate init(_ parts: Parts, offset: Int) {
        date = "\(padded(parts.year, to: 4))-\(padded(parts.month))-\(padded(parts.day))"
        time = "\(padded(parts.hour)):\(padded(parts.minute)):\(padded(parts.second))"
        self.offset = offset
    }

    /// The key of a week that starts here: `2026-03-09 01:30:00 UTC+5:30`, whole hours without minutes.
    var weekKey: String {
        let minutes = abs(offset) / 60
        let hours = "\(offset < 0 ? "-" : "+")\(minutes / 60)"
        return "\(date) \(time) UTC\(hours)" + (minutes % 60 == 0 ? "" : ":\(padded(minutes % 60))")
    }

    /// RFC 3339 with nine decimals and the local offset, `Z` where there is none.
    func rfc3339(nanoseconds: Int) -> String {
        let minutes = abs(offset) / 60
        let zone = minutes == 0 ? "Z" : "\(offset < 0 ? "-" : "+")\(padded(minutes / 60)):\(padded(minutes % 60))"
        return "\(date)T\(time).\(padded(nanoseconds, to: 9))\(zone)"
    }
}

private func padded(_ number: Int, to width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
