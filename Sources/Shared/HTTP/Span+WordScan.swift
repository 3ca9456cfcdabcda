// Searches for any of a few bytes, thirty-two at a time: with Span+Scan.swift the only file of the module that reads
// memory by address.

extension Span<UInt8> {
    /// Index of the first CR or LF at or after `start`; `count` where there is none.
    package func firstLineBreak(from start: Int) -> Int {
        firstIndex(from: start) { word in
            zeros(in: word ^ repeated(0x0A)) | zeros(in: word ^ repeated(0x0D))
        }
    }

    /// Index of the first byte at or after `start` that ends a run of plain characters in a JSON string: the quote,
    /// the backslash, or a control character; `count` where there is none.
    package func firstStringStop(from start: Int) -> Int {
        firstIndex(from: start) { word in
            zeros(in: word ^ repeated(0x22)) | zeros(in: word ^ repeated(0x5C))
                | ((word &- repeated(0x20)) & ~word & repeated(0x80))
        }
    }

    /// Whether these are the bytes of `literal`.
    package func matches(_ literal: StaticString) -> Bool {
        equals(literal, in: 0..<count)
    }

    /// Index of the first byte at or after `start` whose high bit is set in what `marks` makes of its word.
    ///
    /// `marks` may set further high bits above a true one (the borrow of the subtraction in `zeros(in:)` reaches up,
    /// never down), so only the lowest counts, and the lowest byte of a word is its first in memory.
    @inline(__always)
    private func firstIndex(from start: Int, marks: (UInt64) -> UInt64) -> Int {
        var index = start
        // Four words a round: the compiler makes vector code of it.
        while index &+ 32 <= count {
            let first = marks(word(at: index))
            let second = marks(word(at: index &+ 8))
            let third = marks(word(at: index &+ 16))
            let fourth = marks(word(at: index &+ 24))
            if first | second | third | fourth != 0 {
                if first != 0 { return index &+ offset(of: first) }
                if second != 0 { return index &+ 8 &+ offset(of: second) }
                if third != 0 { return index &+ 16 &+ offset(of: third) }
                return index &+ 24 &+ offset(of: fourth)
            }
            index &+= 32
        }
        while index &+ 8 <= count {
            let found = marks(word(at: index))
            if found != 0 { return index &+ offset(of: found) }
            index &+= 8
        }
        while index < count {
            if marks(UInt64(self[index]) | repeated(0x61) << 8) != 0 { return index }
            index &+= 1
        }
        return count
    }

    /// The eight bytes at `offset`, the first in the lowest place.
    @inline(__always)
    private func word(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset &+ 8 <= count)
        return unsafe UInt64(
            littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
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

@inline(__always)
private func offset(of marks: UInt64) -> Int {
    marks.trailingZeroBitCount >> 3
}
