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
            let letter = (vector | 0x20) &- UInt8(ascii: "a")
            let digit = vector &- UInt8(ascii: "0")
            let common = (letter .< 26) .| (digit .< 10) .| (vector .== UInt8(ascii: "-"))
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
            let control = ((vector .< 0x20) .& (vector .!= UInt8(ascii: "\t"))) .| (vector .== 0x7F)
            if let found = firstTrue(control) { return Swift.min(index + found, range.upperBound) }
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
            let vector = block(at: index) &- 0x21
            if let found = firstTrue(vector .>= 0x5E) { return Swift.min(index + found, range.upperBound) }
            index += 16
        }
        while index < range.upperBound, self[index].isVisible { index += 1 }
        return Swift.min(index, range.upperBound)
    }

    /// Up to 24 bytes of `range` in lower case.
    func foldedToken(in range: Range<Int>) -> FoldedToken {
        check(range)
        var token = FoldedToken(count: range.count)
        let start = range.lowerBound
        if start + 24 <= count {
            token.words.0 = word(at: start) & FoldedToken.mask(range.count)
            token.words.1 = word(at: start + 8) & FoldedToken.mask(range.count - 8)
            token.words.2 = word(at: start + 16) & FoldedToken.mask(range.count - 16)
        } else {
            for index in range.prefix(24) {
                token.set(self[index], at: index - start)
            }
        }
        token.fold()
        return token
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
