/// What a client's payload is masked with (RFC 6455 section 5.3).
package struct MaskingKey: Equatable, Sendable {
    /// The four octets, the first in the lowest bits.
    let bits: UInt32

    init(bits: UInt32) {
        self.bits = bits
    }

    package init(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
        bits = UInt32(first) | UInt32(second) << 8 | UInt32(third) << 16 | UInt32(fourth) << 24
    }

    /// The key that undoes one and applies the other, in one pass.
    package static func ^ (left: MaskingKey, right: MaskingKey) -> MaskingKey {
        MaskingKey(bits: left.bits ^ right.bits)
    }

    /// Masks what is not masked, unmasks what is: `range` of `bytes`, the first of which is the payload's byte `offset`.
    ///
    /// - Returns: whether all that it wrote is ASCII.
    @inline(__always) @discardableResult
    package func apply(to bytes: inout MutableSpan<UInt8>, in range: Range<Int>, offset: UInt64 = 0) -> Bool {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        let pattern = repeated(from: offset)
        return unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe Self.apply(pattern, to: UnsafeMutableRawBufferPointer(rebasing: buffer[range]))
        }
    }

    /// Writes the four octets.
    func write(to bytes: inout MutableSpan<UInt8>, at start: Int) {
        precondition(start >= 0 && start <= bytes.count - 4)
        unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe buffer.storeBytes(of: bits.littleEndian, toByteOffset: start, as: UInt32.self)
        }
    }

    /// The key twice, beginning with the octet for the payload's byte `offset`.
    private func repeated(from offset: UInt64) -> UInt64 {
        let turn = UInt32(truncatingIfNeeded: offset & 3) &* 8
        return UInt64(bits &>> turn | bits &<< (32 &- turn)) &* 0x1_0000_0001
    }

    /// Thirty-two bytes at a time, then eight, then four, then what is left.
    @unsafe private static func apply(_ pattern: UInt64, to buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard var next = buffer.baseAddress else { return true }
        var left = buffer.count
        let word = pattern.littleEndian
        let words = SIMD4<UInt64>(repeating: word)
        var seen = SIMD4<UInt64>.zero
        while left >= 32 {
            let masked = unsafe next.loadUnaligned(as: SIMD4<UInt64>.self) ^ words
            unsafe next.storeBytes(of: masked, as: SIMD4<UInt64>.self)
            seen |= masked
            unsafe next += 32
            left &-= 32
        }
        var any = seen[0] | seen[1] | seen[2] | seen[3]
        while left >= 8 {
            let masked = unsafe next.loadUnaligned(as: UInt64.self) ^ word
            unsafe next.storeBytes(of: masked, as: UInt64.self)
            any |= masked
            unsafe next += 8
            left &-= 8
        }
        var rest = pattern
        if left >= 4 {
            let masked = unsafe next.loadUnaligned(as: UInt32.self) ^ UInt32(truncatingIfNeeded: word)
            unsafe next.storeBytes(of: masked, as: UInt32.self)
            any |= UInt64(masked)
            unsafe next += 4
            left &-= 4
        }
        while left > 0 {
            let masked = unsafe next.load(as: UInt8.self) ^ UInt8(truncatingIfNeeded: rest)
            unsafe next.storeBytes(of: masked, as: UInt8.self)
            any |= UInt64(masked)
            rest &>>= 8
            unsafe next += 1
            left &-= 1
        }
        return any & 0x8080_8080_8080_8080 == 0
    }
}
