/// SHA-1 (RFC 3174), for the one thing that WebSocket needs it for: to show that the other side speaks the protocol
/// (RFC 6455 section 10.8). That is no matter of security, so there is nothing that a library of cryptography would do
/// better, and such libraries may be told to refuse this algorithm.
struct SHA1: Sendable {
    private var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]

    /// The digest's 20 bytes.
    static func digest(of message: Span<UInt8>) -> [UInt8] {
        var padded: [UInt8] = []
        padded.append(message)
        padded.append(0x80)
        while padded.count % 64 != 56 { padded.append(0) }
        padded.append(bigEndian: UInt64(message.count) * 8, count: 8)
        var hash = SHA1()
        for block in stride(from: 0, to: padded.count, by: 64) { hash.take(padded[block..<block + 64]) }
        var digest: [UInt8] = []
        for word in hash.state { digest.append(bigEndian: UInt64(word), count: 4) }
        return digest
    }

    /// One block of 64 bytes (section 6.1).
    private mutating func take(_ block: ArraySlice<UInt8>) {
        var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { start in
            block[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        for t in 16..<80 {
            words.append((words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16]).rotated(by: 1))
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for t in 0..<80 {
            let (function, constant): (UInt32, UInt32) =
                switch t {
                case 0..<20: (b & c | ~b & d, 0x5A82_7999)
                case 20..<40: (b ^ c ^ d, 0x6ED9_EBA1)
                case 40..<60: (b & c | b & d | c & d, 0x8F1B_BCDC)
                default: (b ^ c ^ d, 0xCA62_C1D6)
                }
            let next = a.rotated(by: 5) &+ function &+ e &+ words[t] &+ constant
            (a, b, c, d, e) = (next, a, b.rotated(by: 30), c, d)
        }
        for (place, value) in [a, b, c, d, e].enumerated() { state[place] &+= value }
    }
}

extension UInt32 {
    fileprivate func rotated(by count: UInt32) -> UInt32 {
        self << count | self >> (32 - count)
    }
}
