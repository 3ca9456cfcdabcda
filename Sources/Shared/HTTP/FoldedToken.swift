/// The beginning of a token, in lower case, in three machine words: compared with a known name in three instructions.
struct FoldedToken {
    /// Bytes of the whole token.
    let count: Int
    /// The first 24 bytes, the first of each eight in the lowest bits, zero beyond the end.
    var words: (UInt64, UInt64, UInt64) = (0, 0, 0)

    init(count: Int) {
        self.count = count
    }

    mutating func set(_ byte: UInt8, at index: Int) {
        let bits = UInt64(byte) << (8 * (index & 7))
        switch index >> 3 {
        case 0: words.0 |= bits
        case 1: words.1 |= bits
        default: words.2 |= bits
        }
    }

    /// Sets the bit that makes a capital letter a small one. It changes no other token byte into one of a known name.
    mutating func fold() {
        words.0 |= 0x2020_2020_2020_2020 & Self.mask(count)
        words.1 |= 0x2020_2020_2020_2020 & Self.mask(count - 8)
        words.2 |= 0x2020_2020_2020_2020 & Self.mask(count - 16)
    }

    /// Ones for the first `count` bytes of a word.
    @inline(__always)
    static func mask(_ count: Int) -> UInt64 {
        count >= 8 ? .max : count <= 0 ? 0 : (1 &<< UInt64(8 * count)) &- 1
    }

    /// Whether the token is `name`: at most 24 small letters, digits and hyphens.
    @inline(__always)
    func `is`(_ name: StaticString) -> Bool {
        count == name.utf8CodeUnitCount && begins(with: name)
    }

    /// Whether the token begins with `prefix`: at most 24 small letters, digits and hyphens.
    @inline(__always)
    func begins(with prefix: StaticString) -> Bool {
        let length = prefix.utf8CodeUnitCount
        guard count >= length, words.0 & Self.mask(length) == prefix.word(0) else { return false }
        guard length > 8 else { return true }
        guard words.1 & Self.mask(length - 8) == prefix.word(8) else { return false }
        guard length > 16 else { return true }
        return words.2 & Self.mask(length - 16) == prefix.word(16)
    }
}

extension StaticString {
    /// The up to eight bytes from `offset` on as a word; a constant once compiled.
    @inline(__always)
    fileprivate func word(_ offset: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<8 where offset + index < utf8CodeUnitCount {
            word |= UInt64(unsafe utf8Start[offset + index]) << (8 * UInt64(index))
        }
        return word
    }
}
