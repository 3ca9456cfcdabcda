/// A token's first bytes in lower case, in three machine words: what two names are compared by.
struct FoldedToken: Equatable, Sendable {
    /// Bytes that the words hold.
    static let maximumCount = 24

    /// Bytes of the whole token.
    let count: Int
    /// The first byte of each eight in the lowest bits; zero beyond the token's end.
    fileprivate let words: (UInt64, UInt64, UInt64)

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

    /// How many hashes there are.
    static let hashCount = 256

    /// A number below ``hashCount``.
    func hash(_ multiplier: UInt64) -> Int {
        // Sums with different weights: no two names of the same letters are the same before they are multiplied.
        let sum = words.0 &+ words.1 &* 3 &+ words.2 &* 5 &+ UInt64(truncatingIfNeeded: count)
        return Int(truncatingIfNeeded: (sum &* multiplier) &>> 56)
    }

    static func == (left: FoldedToken, right: FoldedToken) -> Bool {
        left.words.0 == right.words.0 && left.count == right.count && left.words == right.words
    }

    /// The token with a hyphen for each underscore, nil where it has none.
    var hyphenated: FoldedToken? {
        let words = (Self.hyphenated(words.0), Self.hyphenated(words.1), Self.hyphenated(words.2))
        return words == self.words ? nil : FoldedToken(count: count, words: words)
    }

    /// A folded underscore is 0x7F, the one byte of a token that another one brings to 0x80.
    private static func hyphenated(_ word: UInt64) -> UInt64 {
        let underscores = (word &+ 0x0101_0101_0101_0101) & 0x8080_8080_8080_8080
        return word ^ (underscores &>> 7) &* 0x52
    }

    /// Sets the bit that makes a capital letter a small one, in the first `count` bytes, and clears the others. Of all
    /// bytes of a token only letters become letters, digits digits, and the hyphen a hyphen.
    private static func fold(_ word: UInt64, _ count: Int) -> UInt64 {
        (word | 0x2020_2020_2020_2020) & mask(count)
    }

    /// Ones for the first `count` bytes of a word.
    fileprivate static func mask(_ count: Int) -> UInt64 {
        count >= 8 ? .max : count <= 0 ? 0 : .max &>> UInt64(64 &- 8 &* count)
    }
}

/// What all names of a family begin with.
struct TokenPrefix: Sendable {
    private let words: (UInt64, UInt64)
    private let masks: (UInt64, UInt64)

    /// - Parameter token: at most 16 bytes.
    init(_ token: FoldedToken) {
        words = (token.words.0, token.words.1)
        masks = (FoldedToken.mask(token.count), FoldedToken.mask(token.count - 8))
    }

    /// A token that is shorter has a zero byte where the prefix has none.
    func begins(_ token: FoldedToken) -> Bool {
        token.words.0 & masks.0 == words.0 && token.words.1 & masks.1 == words.1
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
