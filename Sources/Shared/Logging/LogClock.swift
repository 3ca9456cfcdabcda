internal import Glibc

/// The time of records in RFC 3339, UTC, with milliseconds. What stands before the milliseconds is made once a second.
struct LogClock: Sendable {
    private var second = Int.min
    /// `2026-11-22T18:35:58.`
    private var prefix: [UInt8] = []

    /// Appends the time of now: `2026-11-22T18:35:58.539Z`.
    mutating func append(to bytes: inout [UInt8]) {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        if now.tv_sec != second {
            second = now.tv_sec
            prefix = Self.prefix(of: now.tv_sec)
        }
        bytes += prefix
        bytes.append(now.tv_nsec / 1_000_000, digits: 3)
        bytes.append(UInt8(ascii: "Z"))
    }

    private static func prefix(of time: time_t) -> [UInt8] {
        var seconds = time
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        let numbers = unsafe [
            (parts.tm_year + 1900, 4, "-"), (parts.tm_mon + 1, 2, "-"), (parts.tm_mday, 2, "T"),
            (parts.tm_hour, 2, ":"),
            (parts.tm_min, 2, ":"), (parts.tm_sec, 2, "."),
        ]
        var bytes: [UInt8] = []
        for (number, digits, end) in numbers {
            bytes.append(Int(number), digits: digits)
            bytes += Array(end.utf8)
        }
        return bytes
    }
}

extension [UInt8] {
    /// Appends a number with so many digits at least.
    fileprivate mutating func append(_ number: Int, digits: Int) {
        var unit = 1
        for _ in 1..<digits { unit *= 10 }
        while number / unit >= 10 { unit *= 10 }
        while unit > 0 {
            append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number / unit % 10))
            unit /= 10
        }
    }
}
