/// A token's first bytes in lower case, in three machine words: what two names are compared by.
struct FoldedToken: Equatable, Sendable {
    /// Bytes that the words hold.
    static let maximumCount = 24

    /// Bytes of the whole token.
    let count: Int
    /// The first byte of each eight in the lowest bits; zero beyond the token's end.
    private let words: (UInt64, UInt64, UInt64)

    /// - Parameter words: the bytes as they stand in the message; those beyond `count` do not matter.
    init(count: Int, words: (UInt64, UInt64, UInt64)) {
        self.count = count
        self.words = (
            Self.fold(words.0, count), count > 8 ? Self.fold(words.1, count - 8) : 0,
            count > 16 ? Self.fold(words.2, count - 16) : 0
        )
    }

    init(_ text: StaticString) {
        var buffer = TokenBuffer()
        for index in 0..<text.utf8CodeUnitCount { buffer.append(unsafe text.utf8Start[index]) }
        self = buffer.folded
    }

    /// The first byte, 0 in an empty token.
    var first: UInt8 { UInt8(truncatingIfNeeded: words.0) }

    static func == (left: FoldedToken, right: FoldedToken) -> Bool {
        left.words.0 == right.words.0 && left.count == right.count && left.words == right.words
    }

    /// `prefix` has no more than 24 bytes.
    func begins(with prefix: FoldedToken) -> Bool {
        first == prefix.first
            && words.0 & Self.mask(prefix.count) == prefix.words.0
            && words.1 & Self.mask(prefix.count - 8) == prefix.words.1
            && words.2 & Self.mask(prefix.count - 16) == prefix.words.2
            && count >= prefix.count
    }

    /// Sets the bit that makes a capital letter a small one, in the first `count` bytes, and clears the others. Of all
    /// bytes of a token only letters become letters, digits digits, and the hyphen a hyphen.
    private static func fold(_ word: UInt64, _ count: Int) -> UInt64 {
        (word | 0x2020_2020_2020_2020) & mask(count)
    }

    /// Ones for the first `count` bytes of a word.
    private static func mask(_ count: Int) -> UInt64 {
        count >= 8 ? .max : count <= 0 ? 0 : .max &>> UInt64(64 &- 8 &* count)
    }
}

/// A token that comes byte by byte: its beginning is kept.
struct TokenBuffer: Sendable {
    private var count = 0
    private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)

    mutating func append(_ byte: UInt8) {
        let bits = UInt64(byte) << UInt64(8 * (count & 7))
        switch count >> 3 {
        case 0: words.0 |= bits
        case 1: words.1 |= bits
        case 2: words.2 |= bits
        default: break
        }
        count += 1
    }

    var folded: FoldedToken { FoldedToken(count: count, words: words) }
}
