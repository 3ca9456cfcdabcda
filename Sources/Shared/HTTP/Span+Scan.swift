import Glibc

// Scans of raw bytes, sixteen at a time: with Span+WordScan.swift the only file of the module that reads memory by
// address. Every function checks its range once, at the entry, and reads nothing outside the span.

extension Span<UInt8> {
    /// Where `byte` first stands within `range`.
    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        check(range)
        guard !range.isEmpty else { return nil }
        return unsafe withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress,
                let found = unsafe memchr(base + range.lowerBound, Int32(byte), range.count)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }

    /// Where the token that begins `range` ends: the first byte that is no tchar (RFC 9110 section 5.6.2).
    func endOfToken(in range: Range<Int>) -> Int {
        check(range)
        var index = range.lowerBound
        while index < range.upperBound, index + 16 <= count {
            let vector = block(at: index)
            let isLetter = (vector | .all(0x20)) &- .all(UInt8(ascii: "a")) .< .all(26)
            let isDigit = vector &- .all(UInt8(ascii: "0")) .< .all(10)
            let common = isLetter .| isDigit .| (vector .== .all(UInt8(ascii: "-")))
            guard let other = firstTrue(.!common) else {
                index += 16
                continue
            }
            index += other
            guard index < range.upperBound, self[index].isTokenByte else { return Swift.min(index, range.upperBound) }
            index += 1
        }
        while index < range.upperBound, self[index].isTokenByte { index += 1 }
        return Swift.min(index, range.upperBound)
    }

    /// Where `range` first has a byte that no field value has: a control byte other than HTAB (RFC 9110 section 5.5).
    func endOfFieldContent(in range: Range<Int>) -> Int {
        check(range)
        var index = range.lowerBound
        while index < range.upperBound, index + 16 <= count {
            let vector = block(at: index)
            let isControl = (vector .< .all(0x20)) .& (vector .!= .all(.tab)) .| (vector .== .all(0x7F))
            if let found = firstTrue(isControl) { return Swift.min(index + found, range.upperBound) }
            index += 16
        }
        while index < range.upperBound, self[index].isFieldByte { index += 1 }
        return Swift.min(index, range.upperBound)
    }

    /// Where `range` first has a byte that is not a printing ASCII character, the space not among them.
    func endOfVisible(in range: Range<Int>) -> Int {
        check(range)
        var index = range.lowerBound
        while index < range.upperBound, index + 16 <= count {
            let isOther = block(at: index) &- .all(0x21) .>= .all(0x5E)
            if let found = firstTrue(isOther) { return Swift.min(index + found, range.upperBound) }
            index += 16
        }
        while index < range.upperBound, self[index].isVisible { index += 1 }
        return Swift.min(index, range.upperBound)
    }

    /// The token that `range` is.
    func foldedToken(in range: Range<Int>) -> FoldedToken {
        check(range)
        let start = range.lowerBound
        guard start + FoldedToken.maximumCount <= count else {
            return FoldedToken(
                count: range.count,
                words: (lastWord(range), lastWord(range.dropFirst(8)), lastWord(range.dropFirst(16))))
        }
        return FoldedToken(count: range.count, words: (word(at: start), word(at: start + 8), word(at: start + 16)))
    }

    /// The up to eight bytes that begin `range`, at the end of the span.
    private func lastWord(_ range: Range<Int>) -> UInt64 {
        var word: UInt64 = 0
        for index in range.prefix(8).reversed() { word = word << 8 | UInt64(self[index]) }
        return word
    }

    /// Whether the two are the same but for the case of ASCII letters.
    func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index].lowercased != other[index].lowercased { return false }
        return true
    }

    /// Whether `range` is `text`, given in small letters, digits and punctuation, but for the case of letters.
    package func equalsIgnoringCase(_ text: StaticString, in range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<range.count {
            let byte = unsafe text.utf8Start[offset]
            if self[range.lowerBound + offset].lowercased != byte { return false }
        }
        return true
    }

    /// Whether `range` is `text` to the byte.
    func equals(_ text: StaticString, in range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<range.count {
            let byte = unsafe text.utf8Start[offset]
            if self[range.lowerBound + offset] != byte { return false }
        }
        return true
    }

    @inline(__always)
    private func check(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
    }

    /// The 16 bytes from `offset` on, which the caller knows to be there.
    @inline(__always)
    private func block(at offset: Int) -> SIMD16<UInt8> {
        unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: SIMD16<UInt8>.self)
    }

    /// The 8 bytes from `offset` on, which the caller knows to be there, the first one in the lowest bits.
    @inline(__always)
    private func word(at offset: Int) -> UInt64 {
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }
}

extension SIMD16<UInt8> {
    /// The byte in every lane. Operators on two vectors are instructions, those on a vector and a scalar are loops.
    @inline(__always)
    fileprivate static func all(_ byte: UInt8) -> Self { Self(repeating: byte) }
}

/// The first lane that is true.
@inline(__always)
private func firstTrue(_ mask: SIMDMask<SIMD16<Int8>>) -> Int? {
    let words = unsafe unsafeBitCast(mask, to: SIMD2<UInt64>.self)
    let low = UInt64(littleEndian: words.x)
    if low != 0 { return low.trailingZeroBitCount >> 3 }
    let high = UInt64(littleEndian: words.y)
    if high != 0 { return 8 + high.trailingZeroBitCount >> 3 }
    return nil
}
