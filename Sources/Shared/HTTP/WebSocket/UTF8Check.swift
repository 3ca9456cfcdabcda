/// Follows a text that comes in pieces, split anywhere, and tells at the first byte that can't be UTF-8 (RFC 3629
/// section 4).
struct UTF8Check: Sendable {
    /// Bytes that the character which has begun still lacks.
    private var missing: UInt8 = 0
    /// What the next of them may be: not all of 80 to BF behind E0, ED, F0 and F4.
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    var isBetweenCharacters: Bool { missing == 0 }

    /// Looks at the next bytes; false where the text can't be UTF-8, whatever follows.
    mutating func take(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        while true {
            while missing > 0 {
                guard index < bytes.count else { return true }
                guard takeContinuation(bytes[index]) else { return false }
                index &+= 1
            }
            index = bytes.firstNonASCII(from: index)
            while index &+ 4 <= bytes.count, bytes[index] >= 0x80 {
                let length = Self.lengthOfCharacter(bytes.fourBytes(at: index))
                guard length > 0 else { return false }
                index &+= length
            }
            // The last bytes go one by one: the text may end here within a character.
            guard index < bytes.count else { return true }
            guard bytes[index] < 0x80 || begin(bytes[index]) else { return false }
            index &+= 1
        }
    }

    private mutating func begin(_ lead: UInt8) -> Bool {
        lowest = 0x80
        highest = 0xBF
        switch lead {
        case 0xC2...0xDF: missing = 1
        case 0xE0...0xEF:
            missing = 2
            // Not what two bytes can say, and no surrogates.
            if lead == 0xE0 { lowest = 0xA0 }
            if lead == 0xED { highest = 0x9F }
        case 0xF0...0xF4:
            missing = 3
            // Not what three bytes can say, and nothing above U+10FFFF.
            if lead == 0xF0 { lowest = 0x90 }
            if lead == 0xF4 { highest = 0x8F }
        default: return false
        }
        return true
    }

    private mutating func takeContinuation(_ byte: UInt8) -> Bool {
        guard byte >= lowest, byte <= highest else { return false }
        missing &-= 1
        lowest = 0x80
        highest = 0xBF
        return true
    }

    /// Length of the character of two, three or four bytes that `word` begins with, the first byte in the lowest bits; 0
    /// where there is none.
    private static func lengthOfCharacter(_ word: UInt32) -> Int {
        if word & 0x00C0_C0F0 == 0x0080_80E0 {
            // Of the lead's last four bits and the 20 of the second byte: E0 with 80 to 9F, ED with A0 to BF.
            let choice = word & 0x200F
            return choice == 0 || choice == 0x200D ? 0 : 3
        }
        if word & 0xC0E0 == 0x80C0 { return word & 0x1E == 0 ? 0 : 2 }
        guard word & 0xC0C0_C0F8 == 0x8080_80F0 else { return 0 }
        // F0 with 90 to BF, F1 to F3 with any, F4 with 80 to 8F.
        let lead = word & 0x07
        let isHigh = word & 0x3000 != 0
        return lead == 0 ? (isHigh ? 4 : 0) : lead < 4 ? 4 : lead == 4 && !isHigh ? 4 : 0
    }
}
