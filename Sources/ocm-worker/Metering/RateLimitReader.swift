internal import OCMHTTP
internal import OCMIPC

/// Reads the limits that one response after the other states. Most state what the one before them did, to the byte, and
/// cost a comparison.
struct RateLimitReader: Sendable {
    /// What the last response stated.
    private(set) var limits = RateLimits()
    /// See ``RateLimits/weekStart``.
    private(set) var weekStart: Int64 = 0
    /// The fields that it was read from, one after the other.
    private var source: [UInt8] = []

    /// Takes in the fields of a response's head.
    ///
    /// - Returns: whether they state something, and not what the last response stated.
    mutating func read(_ fields: [FieldLine], of bytes: Span<UInt8>) -> Bool {
        if isRepeated(fields, of: bytes) { return false }
        source.removeAll(keepingCapacity: true)
        limits = RateLimits()
        for field in fields {
            guard let meaning = Self.meaning(of: field, bytes) else { continue }
            let name = bytes.extracting(field.name)
            let value = bytes.extracting(field.value)
            source.append(name, 0..<name.count)
            source.append(UInt8(ascii: ":"))
            source.append(value, 0..<value.count)
            source.append(UInt8(ascii: "\n"))
            limits.add(meaning, name: name, value: value)
        }
        limits.dropVoid()
        weekStart = limits.weekStart
        return !limits.isEmpty
    }

    /// Takes in what is said of some limits; what is not spoken of stays.
    ///
    /// - Returns: whether it is new.
    mutating func take(_ later: RateLimits) -> Bool {
        var merged = limits
        merged.merge(later)
        if merged == limits { return false }
        limits = merged
        weekStart = limits.weekStart
        source.removeAll(keepingCapacity: true)
        return true
    }

    /// What a field means is asked only where it is not the one that stood here before.
    private func isRepeated(_ fields: [FieldLine], of bytes: Span<UInt8>) -> Bool {
        var rest = source.span
        for field in fields where field.id == .xCodex || field.id == .other {
            if rest.drop(bytes.extracting(field.name), UInt8(ascii: ":")) {
                guard rest.drop(bytes.extracting(field.value), UInt8(ascii: "\n")) else { return false }
            } else if Self.meaning(of: field, bytes) != nil {
                return false
            }
        }
        return rest.isEmpty
    }

    private static func meaning(of field: FieldLine, _ bytes: Span<UInt8>) -> RateLimitField? {
        guard field.id == .xCodex || field.id == .other else { return nil }
        return RateLimitField(bytes.extracting(field.name))
    }
}

extension Span<UInt8> {
    /// Drops a beginning and the byte behind it; false where these bytes begin otherwise.
    @_lifetime(self: copy self)
    fileprivate mutating func drop(_ beginning: Span<UInt8>, _ separator: UInt8) -> Bool {
        let length = beginning.count
        guard count > length, self[length] == separator else { return false }
        var index = 0
        while index + 8 <= length {
            guard eightBytes(at: index) == beginning.eightBytes(at: index) else { return false }
            index += 8
        }
        while index < length {
            guard self[index] == beginning[index] else { return false }
            index += 1
        }
        self = extracting((length + 1)..<count)
        return true
    }
}
