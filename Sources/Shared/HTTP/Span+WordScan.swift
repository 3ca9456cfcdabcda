// Searches for any of a few bytes, thirty-two at a time: with Span+Scan.swift the only file of the module that reads
// memory by address.

extension Span<UInt8> {
    /// Index of the first CR or LF at or after `start`; `count` where there is none.
    func firstLineBreak(from start: Int) -> Int {
        firstIndex(from: start) { word in
            zeros(in: word ^ repeated(0x0A)) | zeros(in: word ^ repeated(0x0D))
        }
    }

    /// Index of the first byte at or after `start` that ends a run of plain characters in a JSON string: the quote,
    /// the backslash, or a control character; `count` where there is none.
    @inline(__always)
    func firstStringStop(from start: Int) -> Int {
        firstIndex(from: start) { word in
            zeros(in: word ^ repeated(0x22)) | zeros(in: word ^ repeated(0x5C))
                | ((word &- repeated(0x20)) & ~word & repeated(0x80))
        }
    }

    /// Index of the first byte at or after `start` that is not ASCII; `count` where there is none.
    func firstNonASCII(from start: Int) -> Int {
        firstIndex(from: start) { word in word & repeated(0x80) }
    }

    /// Whether all bytes of `range` are ASCII.
    @inline(__always)
    func isASCII(in range: Range<Int>) -> Bool {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        var index = range.lowerBound
        var seen: UInt64 = 0
        while index &+ 32 <= range.upperBound {
            seen |= uncheckedWord(at: index) | uncheckedWord(at: index &+ 8)
            seen |= uncheckedWord(at: index &+ 16) | uncheckedWord(at: index &+ 24)
            index &+= 32
        }
        while index &+ 8 <= range.upperBound {
            seen |= uncheckedWord(at: index)
            index &+= 8
        }
        while index < range.upperBound {
            seen |= UInt64(self[index])
            index &+= 1
        }
        return seen & repeated(0x80) == 0
    }

    /// Whether these are the bytes of `literal`.
    package func matches(_ literal: StaticString) -> Bool {
        equals(literal, in: 0..<count)
    }

    /// The eight bytes from `offset` on, the first one in the lowest bits: to compare eight letters at once.
    @inlinable
    package func eightBytes(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= count - 8)
        return UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// The four bytes from `offset` on, the first one in the lowest bits.
    @inline(__always)
    func fourBytes(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset <= count - 4)
        return UInt32(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self))
    }

    /// Index of the first byte at or after `start` whose high bit is set in what `marks` makes of its word.
    ///
    /// `marks` may set further high bits above a true one (the borrow of the subtraction in `zeros(in:)` reaches up,
    /// never down), so only the lowest counts, and the lowest byte of a word is its first in memory.
    @inline(__always)
    private func firstIndex(from start: Int, marks: (UInt64) -> UInt64) -> Int {
        precondition(start >= 0)
        var index = start
        // Most runs are short: four words one by one, then four a round, of which the compiler makes vector code.
        let near = Swift.min(count, index &+ 32)
        while index &+ 8 <= near {
            let found = marks(uncheckedWord(at: index))
            if found != 0 { return index &+ found.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index &+ 32 <= count {
            let found =
                marks(uncheckedWord(at: index)) | marks(uncheckedWord(at: index &+ 8))
                | marks(uncheckedWord(at: index &+ 16))
                | marks(uncheckedWord(at: index &+ 24))
            if found != 0 { break }
            index &+= 32
        }
        while index &+ 8 <= count {
            let found = marks(uncheckedWord(at: index))
            if found != 0 { return index &+ found.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < count {
            // The seven other bytes are filled with a letter, which no search is for.
            if marks(UInt64(self[index]) | repeated(0x61) << 8) != 0 { return index }
            index &+= 1
        }
        return count
    }

    /// `eightBytes(at:)` where the caller knows the bytes to be there.
    @inline(__always)
    private func uncheckedWord(at offset: Int) -> UInt64 {
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }
}

/// A word of eight times `byte`.
@inline(__always)
private func repeated(_ byte: UInt8) -> UInt64 {
    UInt64(byte) &* 0x0101_0101_0101_0101
}

/// The high bit of each byte that is zero (and perhaps of bytes above such a one).
@inline(__always)
private func zeros(in word: UInt64) -> UInt64 {
    (word &- repeated(0x01)) & ~word & repeated(0x80)
}
