extension Span<UInt8> {
    /// Whether `range` is a host and, after a colon, a port or nothing (RFC 3986 section 3.2.2, without user
    /// information). The host is not empty.
    func isAuthority(_ range: Range<Int>) -> Bool {
        guard let first = range.first else { return false }
        let isLiteral = self[first] == UInt8(ascii: "[")
        let end = isLiteral ? endOfLiteral(range) : endOfRegisteredName(range)
        guard let end, end > first else { return false }
        guard end < range.upperBound else { return true }
        guard self[end] == UInt8(ascii: ":") else { return false }
        return range.suffix(from: end + 1).allSatisfy { self[$0].isDigit }
    }

    /// Past the bracket that closes an IPv6 address, or nil when there is none.
    private func endOfLiteral(_ range: Range<Int>) -> Int? {
        for index in range.dropFirst() {
            let byte = self[index]
            if byte == UInt8(ascii: "]") { return index > range.lowerBound + 1 ? index + 1 : nil }
            guard byte.isUnreservedOrSubDelimiter || byte == UInt8(ascii: ":") else { return nil }
        }
        return nil
    }

    private func endOfRegisteredName(_ range: Range<Int>) -> Int? {
        var index = range.lowerBound
        while index < range.upperBound, self[index].isUnreservedOrSubDelimiter || self[index] == UInt8(ascii: "%") {
            index += 1
        }
        return index
    }
}
