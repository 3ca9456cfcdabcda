import COpenSSL

/// The SHA-256 of a user's token: what the service knows a user by, in place of the token.
struct TokenDigest: Hashable, Sendable {
    /// 32 bytes.
    let bytes: [UInt8]

    static let byteCount = 32

    /// The digest of a token's UTF-8.
    init(of token: String) {
        let token = Array(token.utf8)
        bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, initialized in
            unsafe buffer.initialize(repeating: 0)
            _ = unsafe SHA256(token, token.count, buffer.baseAddress)
            initialized = Self.byteCount
        }
    }

    /// `nil` unless the text is 64 hexadecimal digits of either case.
    init?(hexadecimal text: String) {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard text.utf8.count == 2 * Self.byteCount, digits.count == text.utf8.count else { return nil }
        bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// 64 digits in lower case.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
