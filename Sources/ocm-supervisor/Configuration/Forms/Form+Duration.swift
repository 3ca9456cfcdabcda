extension Form where Value == Duration {
    /// A duration with its unit, and 0 without one.
    static var duration: Form {
        Form(expecting: "a duration with its unit, in quotes: \"15s\"") { content throws(Misfit) in
            switch content {
            case .number(let text):
                guard Int(text) == 0 else {
                    throw Misfit(
                        "\(text) has no unit; write a duration in quotes, such as \"\(text)s\" or \"\(text)ms\"")
                }
                return .zero
            case .string(let text):
                return try duration(text)
            default:
                return nil
            }
        }
    }

    /// A duration of at least `minimum` and at most `maximum` seconds.
    static func duration(seconds range: ClosedRange<Int>) -> Form {
        Form { value, diagnostics in
            guard let duration = Self.duration.read(value, diagnostics) else { return nil }
            guard duration >= .seconds(range.lowerBound), duration <= .seconds(range.upperBound) else {
                let expected = "write a duration from \"\(range.lowerBound)s\" to \"\(range.upperBound)s\""
                diagnostics.error("is out of range; \(expected)", at: value)
                return nil
            }
            return duration
        }
    }

    private static func duration(_ text: String) throws(Misfit) -> Duration {
        switch DurationText.parse(text) {
        case .success(let duration): return duration
        case .failure(.malformed):
            throw Misfit(
                "\(text.quoted) is not a duration; write it like \"300ms\", \"15s\", \"5m\", \"1h30m\" or \"2d\"")
        case .failure(.negative):
            throw Misfit("\(text.quoted) is negative; write a duration of zero or more")
        case .failure(.tooLong):
            throw Misfit("\(text.quoted) is longer than ten years; write a shorter duration")
        }
    }
}

/// Durations as the file spells them: numbers with their units, one behind the other ("1h30m", "1.5s").
enum DurationText {
    enum Fault: Error, Equatable {
        case malformed, negative, tooLong
    }

    /// Longest first where one begins another.
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
    ]

    static let maximum = Duration.seconds(3650 * 86_400)

    static func parse(_ text: String) -> Result<Duration, Fault> {
        if text == "0" { return .success(.zero) }
        if text.hasPrefix("-") { return parse(String(text.dropFirst())).flatMap { _ in .failure(.negative) } }
        guard !text.isEmpty else { return .failure(.malformed) }
        var rest = text[...]
        var total = Duration.zero
        while !rest.isEmpty {
            let whole = digits(&rest)
            var fraction: Substring = ""
            if rest.first == "." {
                rest.removeFirst()
                fraction = digits(&rest)
            }
            guard !(whole.isEmpty && fraction.isEmpty), let unit = units.first(where: { rest.hasPrefix($0.name) })
            else { return .failure(.malformed) }
            rest.removeFirst(unit.name.count)
            guard let part = nanoseconds(whole: whole, fraction: fraction, unit: unit.nanoseconds)
            else { return .failure(.tooLong) }
            total += .nanoseconds(part)
            guard total <= maximum else { return .failure(.tooLong) }
        }
        return .success(total)
    }

    private static func digits(_ rest: inout Substring) -> Substring {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest.removeFirst(digits.count)
        return digits
    }

    /// `nil` where the product overflows. Of a fraction nine digits count.
    private static func nanoseconds(whole: Substring, fraction: Substring, unit: Int64) -> Int64? {
        guard let count = whole.isEmpty ? 0 : Int64(whole) else { return nil }
        let (product, overflows) = count.multipliedReportingOverflow(by: unit)
        guard !overflows else { return nil }
        var (part, scale) = (Int64(0), unit)
        for digit in fraction.prefix(9) {
            scale /= 10
            part += scale * Int64(digit.wholeNumberValue ?? 0)
        }
        let (sum, carries) = product.addingReportingOverflow(part)
        return carries ? nil : sum
    }
}
