internal import OCMHTTP

/// What one field of a response says of the login's limits, by its name.
///
/// Each limit has a family of fields, `x-<limit>-primary-…` and `x-<limit>-secondary-…`, one for each of its windows.
enum RateLimitField: Equatable, Sendable {
    enum Property: Sendable {
        case used, minutes, resetAt
    }

    /// `limit` is the range of the limit's name in the field's.
    case window(limit: Range<Int>, isPrimary: Bool, Property)
    case limitName(limit: Range<Int>)
    case activeLimit
    case hasCredits, unlimitedCredits, creditBalance

    /// Nil for a field of other meaning. Names in any case.
    init?(_ name: Span<UInt8>) {
        guard name.count > 12, name[0] | 0x20 == UInt8(ascii: "x"), name[1] == UInt8(ascii: "-") else { return nil }
        // The last letter spares most fields of other meaning the comparisons.
        switch name[name.count - 1] | 0x20 {
        case UInt8(ascii: "t"):
            if let window = name.limit(before: "-used-percent") {
                self.init(name, window, .used)
            } else if let window = name.limit(before: "-reset-at") {
                self.init(name, window, .resetAt)
            } else {
                guard name.isField("x-codex-active-limit") else { return nil }
                self = .activeLimit
            }
        case UInt8(ascii: "s"):
            if let window = name.limit(before: "-window-minutes") {
                self.init(name, window, .minutes)
            } else {
                guard name.isField("x-codex-credits-has-credits") else { return nil }
                self = .hasCredits
            }
        case UInt8(ascii: "d"):
            guard name.isField("x-codex-credits-unlimited") else { return nil }
            self = .unlimitedCredits
        case UInt8(ascii: "e"):
            if let limit = name.limit(before: "-limit-name") {
                self = .limitName(limit: limit)
            } else {
                guard name.isField("x-codex-credits-balance") else { return nil }
                self = .creditBalance
            }
        default: return nil
        }
    }

    private init?(_ name: Span<UInt8>, _ window: Range<Int>, _ property: Property) {
        let name = name.extracting(0..<window.upperBound)
        if let limit = name.limit(before: "-primary") {
            self = .window(limit: limit, isPrimary: true, property)
        } else if let limit = name.limit(before: "-secondary") {
            self = .window(limit: limit, isPrimary: false, property)
        } else {
            return nil
        }
    }
}

extension Span<UInt8> {
    fileprivate func isField(_ name: StaticString) -> Bool {
        equalsIgnoringCase(name, in: 0..<count)
    }

    /// What stands between `x-` and `suffix`, where the name ends so and something does.
    fileprivate func limit(before suffix: StaticString) -> Range<Int>? {
        let end = count - suffix.utf8CodeUnitCount
        return end > 2 && equalsIgnoringCase(suffix, in: end..<count) ? 2..<end : nil
    }
}
