internal import OCMHTTP

/// What the `x-codex-*` fields of a response say about the login's limits.
///
/// Each limit has a family of fields, `x-<limit>-primary-…` and `x-<limit>-secondary-…`, one for each of its windows,
/// which are told apart by their length alone. `x-codex-active-limit` names the limit that the response counted
/// against; the family `x-codex-…` is that of the active limit too, where the limit has no family of its own.
struct RateLimitFields: Sendable {
    private struct Window: Sendable {
        let limit: String
        let isPrimary: Bool
        var minutes: Int64?
        var resetAt: Int64?
    }

    private enum Property {
        case minutes, resetAt
    }

    /// More than any response has; what comes after is passed over.
    private static let maximumWindows = 32
    private static let maximumLimitName = 64

    private var windows: [Window] = []
    private var activeLimit = "codex"

    /// Takes in one field of a response's head; names in any case, fields of other meaning are passed over.
    mutating func add(name: Span<UInt8>, value: Span<UInt8>) {
        guard name.count > 2, name[0] | 0x20 == UInt8(ascii: "x"), name[1] == UInt8(ascii: "-") else { return }
        if name.hasSuffix("-window-minutes") {
            add(.minutes, of: name.extracting(2..<(name.count - 15)), value)
        } else if name.hasSuffix("-reset-at") {
            add(.resetAt, of: name.extracting(2..<(name.count - 9)), value)
        } else if name.count == 20, name.hasSuffix("x-codex-active-limit"), value.count <= Self.maximumLimitName {
            activeLimit = value.limitName
        }
    }

    /// Start of the active limit's weekly window, Unix seconds rounded to the minute; 0 where the fields name none.
    var weekStart: Int64 {
        let hasFamily = windows.contains { $0.limit == activeLimit }
        return weekStart(of: hasFamily ? activeLimit : "codex")
    }

    private func weekStart(of limit: String) -> Int64 {
        let week: Int64 = 7 * 24 * 60
        var start: Int64 = 0
        var nearest = week / 20 + 1
        for window in windows where window.limit == limit {
            guard let minutes = window.minutes, let resetAt = window.resetAt else { continue }
            let distance = abs(minutes - week)
            guard distance < nearest else { continue }
            nearest = distance
            // A second of jitter between two answers makes no new week.
            start = max(0, (resetAt - minutes * 60 + 30) / 60 * 60)
        }
        return start
    }

    private mutating func add(_ property: Property, of window: Span<UInt8>, _ value: Span<UInt8>) {
        guard let number = value.decimal else { return }
        if window.hasSuffix("-primary") {
            add(property, number, limit: window.extracting(0..<(window.count - 8)), isPrimary: true)
        } else if window.hasSuffix("-secondary") {
            add(property, number, limit: window.extracting(0..<(window.count - 10)), isPrimary: false)
        }
    }

    private mutating func add(_ property: Property, _ number: Int64, limit: Span<UInt8>, isPrimary: Bool) {
        guard limit.count <= Self.maximumLimitName else { return }
        let limit = limit.limitName
        var index = windows.firstIndex { $0.limit == limit && $0.isPrimary == isPrimary }
        if index == nil, windows.count < Self.maximumWindows {
            index = windows.count
            windows.append(Window(limit: limit, isPrimary: isPrimary))
        }
        guard let index else { return }
        switch property {
        case .minutes: windows[index].minutes = number
        case .resetAt: windows[index].resetAt = number
        }
    }
}

extension Span<UInt8> {
    /// Whether these bytes end in `suffix`, given in small letters, in any case.
    fileprivate func hasSuffix(_ suffix: StaticString) -> Bool {
        count >= suffix.utf8CodeUnitCount
            && equalsIgnoringCase(suffix, in: (count - suffix.utf8CodeUnitCount)..<count)
    }

    /// A limit's name as its fields have it: small letters, a hyphen for an underscore, no blanks around it.
    fileprivate var limitName: String {
        var name: [UInt8] = []
        name.reserveCapacity(count)
        for index in indices {
            let byte = self[index]
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): name.append(byte | 0x20)
            case UInt8(ascii: "_"): name.append(UInt8(ascii: "-"))
            case UInt8(ascii: " "), UInt8(ascii: "\t"): break
            default: name.append(byte)
            }
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// The value of up to twelve decimal digits; nil where these bytes are anything else.
    fileprivate var decimal: Int64? {
        guard (1...12).contains(count) else { return nil }
        var value: Int64 = 0
        for index in indices {
            let digit = self[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return value
    }
}
