/// Walks the elements of a comma-separated list (RFC 9110 section 5.6.1), empty ones left out.
struct ListElements {
    private var rest: Range<Int>

    init(of value: ByteRange) {
        rest = value.bounds
    }

    /// The next element without the white space around it.
    mutating func next(in bytes: Span<UInt8>) -> Range<Int>? {
        while !rest.isEmpty {
            let end = bytes.firstIndex(of: UInt8(ascii: ","), in: rest) ?? rest.upperBound
            let element = bytes.trimmed(rest.lowerBound..<end)
            rest = min(end + 1, rest.upperBound)..<rest.upperBound
            if !element.isEmpty { return element }
        }
        return nil
    }
}

extension Span<UInt8> {
    /// `range` without the spaces and tabs at its ends (OWS, RFC 9110 section 5.6.3).
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, self[start].isBlank { start += 1 }
        while start < end, self[end - 1].isBlank { end -= 1 }
        return start..<end
    }
}
