/// A stretch of a message's bytes, relative to the first byte of the span that its head was parsed from.
package struct ByteRange: Hashable, Sendable {
    package private(set) var start: UInt32
    package private(set) var end: UInt32

    package static let empty = ByteRange(0..<0)

    /// `bounds` lie below 4 GiB: ``HeadLimits`` sees to it for heads.
    init(_ bounds: Range<Int>) {
        start = UInt32(truncatingIfNeeded: bounds.lowerBound)
        end = UInt32(truncatingIfNeeded: bounds.upperBound)
    }

    package var count: Int { Int(end) - Int(start) }
    package var isEmpty: Bool { start == end }
    package var bounds: Range<Int> { Int(start)..<Int(end) }
}

extension Span<UInt8> {
    /// The bytes of a range; the span begins where the head began.
    @_lifetime(copy self)
    package func extracting(_ range: ByteRange) -> Span<UInt8> {
        extracting(range.bounds)
    }
}
