internal import OCMHTTP
internal import OCMIPC

/// Limits as a response's fields state them. What can't be read, and what is beyond the bounds, counts as not said.
extension RateLimits {
    mutating func add(_ field: RateLimitField, name: Span<UInt8>, value: Span<UInt8>) {
        switch field {
        case .window(let limit, let isPrimary, let property):
            guard let index = family(name.extracting(limit)) else { return }
            if isPrimary {
                families[index].primary = families[index].primary.with(property, value)
            } else {
                families[index].secondary = families[index].secondary.with(property, value)
            }
        case .limitName(let limit):
            guard let text = value.text(atMost: Self.nameAtMost), let index = family(name.extracting(limit)) else {
                return
            }
            families[index].name = text
        case .activeLimit: activeLimit = value.limitName ?? activeLimit
        case .hasCredits: credits = (credits ?? Credits()).with(\.isAvailable, value.flag)
        case .unlimitedCredits: credits = (credits ?? Credits()).with(\.isUnlimited, value.flag)
        case .creditBalance: credits = (credits ?? Credits()).with(\.balance, value.text(atMost: Self.balanceAtMost))
        }
    }

    /// To be called behind the last field: a window of nothing but zeros is the API's way to say that there is none.
    mutating func dropVoid() {
        for index in families.indices {
            if families[index].primary?.isVoid == true { families[index].primary = nil }
            if families[index].secondary?.isVoid == true { families[index].secondary = nil }
        }
        families.removeAll { $0.primary == nil && $0.secondary == nil }
        if credits == Credits() { credits = nil }
    }

    /// Start of the active limit's weekly window, Unix seconds rounded to the minute; 0 where the fields name none.
    ///
    /// The family `x-codex-…` is that of the active limit too, where the limit has no family of its own.
    var weekStart: Int64 {
        let active = families.first { $0.limit == activeLimit } ?? families.first { $0.limit == "codex" }
        let week: Int64 = 7 * 24 * 60
        var start: Int64 = 0
        var nearest = week / 20 + 1
        for case let window? in [active?.primary, active?.secondary] {
            guard let length = window.minutes, let resetAt = window.resetAt else { continue }
            let minutes = Int64(length)
            let distance = abs(minutes - week)
            guard distance < nearest else { continue }
            nearest = distance
            // A second of jitter between two answers makes no new week.
            start = max(0, (resetAt - minutes * 60 + 30) / 60 * 60)
        }
        return start
    }

    /// Where the limit's family stands, a new one if need be; nil where there is no room for it.
    private mutating func family(_ name: Span<UInt8>) -> Int? {
        guard let limit = name.limitName else { return nil }
        if let index = families.firstIndex(where: { $0.limit == limit }) { return index }
        guard families.count < Self.familiesAtMost else { return nil }
        families.append(Family(limit: limit))
        return families.count - 1
    }
}

extension RateLimits.Window? {
    fileprivate func with(_ property: RateLimitField.Property, _ value: Span<UInt8>) -> RateLimits.Window? {
        var window = self ?? RateLimits.Window()
        switch property {
        case .used: window.used = value.hundredths ?? window.used
        case .minutes: window.minutes = value.decimal.flatMap { UInt32(exactly: $0) } ?? window.minutes
        case .resetAt: window.resetAt = value.decimal ?? window.resetAt
        }
        return window
    }
}

extension RateLimits.Window {
    fileprivate var isVoid: Bool { (used ?? 0) == 0 && (minutes ?? 0) == 0 && (resetAt ?? 0) == 0 }
}

extension RateLimits.Credits {
    fileprivate func with<Value>(_ member: WritableKeyPath<Self, Value>, _ value: Value?) -> Self {
        guard let value else { return self }
        var credits = self
        credits[keyPath: member] = value
        return credits
    }
}

extension Span<UInt8> {
    /// A limit's name as its fields have it: small letters, a hyphen for an underscore.
    var limitName: String? {
        guard let text = text(atMost: RateLimits.limitAtMost) else { return nil }
        let bytes = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            case UInt8(ascii: "_"): UInt8(ascii: "-")
            default: byte
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Printing ASCII, at least one byte and so many at most; else nil.
    func text(atMost limit: Int) -> String? {
        guard (1...limit).contains(count), indices.allSatisfy({ (0x20...0x7E).contains(self[$0]) }) else { return nil }
        return String(decoding: indices.map { self[$0] }, as: UTF8.self)
    }

    fileprivate var flag: Bool? {
        if equalsIgnoringCase("true", in: indices) || matches("1") { return true }
        return equalsIgnoringCase("false", in: indices) || matches("0") ? false : nil
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

    /// A hundred times the value of a decimal number such as `37` or `12.5`, more digits cut off.
    fileprivate var hundredths: UInt32? {
        let point = indices.first { self[$0] == UInt8(ascii: ".") } ?? count
        guard let whole = extracting(0..<point).decimal else { return nil }
        var fraction: Int64 = 0
        if point < count {
            guard point + 1 < count, indices[(point + 1)...].allSatisfy({ self[$0] &- UInt8(ascii: "0") < 10 }) else {
                return nil
            }
            for index in point + 1..<point + 3 {
                fraction = fraction * 10 + (index < count ? Int64(self[index] - UInt8(ascii: "0")) : 0)
            }
        }
        return UInt32(exactly: whole * 100 + fraction)
    }
}
