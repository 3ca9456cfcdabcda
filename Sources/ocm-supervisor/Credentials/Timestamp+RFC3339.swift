/// RFC 3339, as `last_refresh` is written.
extension Timestamp {
    /// With nine digits of a second and `Z`, the way the Codex CLI writes it.
    var rfc3339: String {
        let days = seconds.quotient(by: 86400)
        let second = Int(seconds - days * 86400)
        let (year, month, day) = Self.civil(days: days)
        // The whole second before the scale's beginning is not on it: it can't be subtracted.
        let remainder = Int(nanoseconds % 1_000_000_000)
        let fraction = remainder < 0 ? remainder + 1_000_000_000 : remainder
        return Self.padded(year, 4) + "-" + Self.padded(month, 2) + "-" + Self.padded(day, 2) + "T"
            + Self.padded(second / 3600, 2) + ":" + Self.padded(second / 60 % 60, 2) + ":"
            + Self.padded(second % 60, 2) + "." + Self.padded(fraction, 9) + "Z"
    }

    /// `2026-03-09T01:30:00[.fraction](Z|±hh:mm)`; nil for anything else. Digits beyond nanoseconds are dropped.
    init?(rfc3339 text: String) {
        var cursor = Cursor(text)
        guard let year = cursor.number(4), cursor.take("-"), let month = cursor.number(2), cursor.take("-"),
            let day = cursor.number(2), cursor.take("T") || cursor.take("t") || cursor.take(" "),
            let hour = cursor.number(2), cursor.take(":"), let minute = cursor.number(2), cursor.take(":"),
            let second = cursor.number(2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60,
            let fraction = cursor.fraction(), let offset = cursor.offset(), cursor.isAtEnd
        else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        guard Self.civil(days: days) == (year, month, day) else { return nil }
        let clock = Int64(hour * 3600 + minute * 60 + second - offset)
        self = Timestamp(seconds: days * 86400 + clock) + .nanoseconds(fraction)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Days since 1970-01-01 of a date of the Gregorian calendar. A year is counted from March, so that the leap day
    /// is its last; 400 years have 146097 days.
    private static func days(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let era = shifted.quotient(by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468
    }

    private static func civil(days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719468
        let era = shifted.quotient(by: 146097)
        let dayOfEra = shifted - era * 146097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
        let month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        return (Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month, day)
    }

    private struct Cursor {
        private var rest: Substring.UTF8View

        init(_ text: String) {
            rest = Substring(text).utf8
        }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard let byte = rest.first, UInt32(byte) == character.value else { return false }
            rest.removeFirst()
            return true
        }

        mutating func digit() -> Int? {
            guard let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            rest.removeFirst()
            return Int(byte - UInt8(ascii: "0"))
        }

        /// Exactly `width` digits.
        mutating func number(_ width: Int) -> Int? {
            var number = 0
            for _ in 0..<width {
                guard let digit = digit() else { return nil }
                number = number * 10 + digit
            }
            return number
        }

        /// Nanoseconds, 0 where there is no fraction; nil for a point without digits.
        mutating func fraction() -> Int64? {
            guard take(".") else { return 0 }
            guard let first = digit() else { return nil }
            var nanoseconds = Int64(first) * 100_000_000
            var unit: Int64 = 10_000_000
            while let digit = digit() {
                nanoseconds += Int64(digit) * unit
                unit /= 10
            }
            return nanoseconds
        }

        /// Seconds east of UTC.
        mutating func offset() -> Int? {
            if take("Z") || take("z") { return 0 }
            let sign = take("-") ? -1 : 1
            guard sign < 0 || take("+"), let hours = number(2), take(":"), let minutes = number(2), hours < 24,
                minutes < 60
            else { return nil }
            return sign * (hours * 3600 + minutes * 60)
        }
    }
}

extension Int64 {
    /// Division that rounds down, also below zero.
    fileprivate func quotient(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-(self + 1)) / divisor) - 1
    }
}
