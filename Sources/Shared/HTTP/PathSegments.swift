/// The segments of a path, one after the other: percent-encodings decoded, empty ones and parameters (RFC 3986 section 3.3) left
/// out, and no further than the query.
package struct PathSegments: ~Escapable {
    private let path: Span<UInt8>
    private var position = 0
    private let end: Int
    /// The segment as far as it may be of interest; a longer one is none of those that are asked for.
    private var segment: [16 of UInt8] = .init(repeating: 0)
    private var length = 0

    @_lifetime(copy path)
    package init(_ path: Span<UInt8>) {
        self.path = path
        end = path.firstIndex(of: UInt8(ascii: "?"), in: 0..<path.count) ?? path.count
    }

    /// Reads the next segment that is not empty; false where there is none.
    @_lifetime(self: copy self)
    package mutating func next() -> Bool {
        length = 0
        var isParameter = false
        while position < end {
            let byte = decodedByte()
            if byte == UInt8(ascii: "/") {
                if length > 0 { return true }
                isParameter = false
            } else if byte == UInt8(ascii: ";") {
                isParameter = true
            } else if !isParameter {
                if length < segment.count { segment[length] = byte }
                length += 1
            }
        }
        return length > 0
    }

    /// Whether the segment that was read is this one.
    package func isSegment(_ name: StaticString) -> Bool {
        guard length == name.utf8CodeUnitCount, length <= segment.count else { return false }
        for index in 0..<length where unsafe segment[index] != name.utf8Start[index] { return false }
        return true
    }

    @_lifetime(self: copy self)
    private mutating func decodedByte() -> UInt8 {
        defer { position += 1 }
        guard path[position] == UInt8(ascii: "%"), position + 2 < end,
            let high = path[position + 1].hexValue, let low = path[position + 2].hexValue
        else { return path[position] }
        position += 2
        return high << 4 | low
    }
}
