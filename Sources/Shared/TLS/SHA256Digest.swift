internal import COpenSSL

/// A SHA-256 digest (FIPS 180-4): what a secret is known by where the secret itself need not be.
///
/// Comparing two takes the same time whatever they are.
package struct SHA256Digest: Hashable, Sendable {
    package static let byteCount = 32

    /// The bytes, eight to a word, in the machine's order.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// The algorithm's implementation, looked up once: that takes longer than a short digest. As an address, since the
    /// compiler can't know that it never changes.
    private static let algorithm = unsafe UInt(bitPattern: EVP_MD_fetch(nil, "SHA256", nil))

    /// The digest of the bytes.
    package init(of bytes: Span<UInt8>) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let done = unsafe withUnsafeMutableBytes(of: &words) { digest in
            let start = unsafe digest.bindMemory(to: UInt8.self).baseAddress
            let algorithm = unsafe OpaquePointer(bitPattern: SHA256Digest.algorithm)
            return unsafe bytes.withUnsafeBytes { bytes in
                unsafe EVP_Digest(bytes.baseAddress, bytes.count, start, nil, algorithm, nil)
            }
        }
        // It has no way to fail but want of memory. Going on would let every secret be like every other.
        precondition(done == 1, "SHA-256 failed")
        self.words = words
    }

    /// The digest of the text's UTF-8.
    package init(of text: String) {
        self.init(of: text.utf8.span)
    }

    /// A digest that was made before. Nil unless there are 32 bytes.
    package init?(bytes: Span<UInt8>) {
        guard bytes.count == SHA256Digest.byteCount else { return nil }
        words = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self) }
    }

    /// Nil unless the text is 64 hexadecimal digits of either case.
    package init?(hexadecimal text: String) {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 2 * SHA256Digest.byteCount, text.utf8.count == digits.count else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        self.init(bytes: bytes.span)
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        unsafe withUnsafeBytes(of: words) { unsafe [UInt8]($0) }
    }

    /// 64 digits in lower case.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    package static func == (left: SHA256Digest, right: SHA256Digest) -> Bool {
        let (a, b) = (left.words, right.words)
        return (a.0 ^ b.0) | (a.1 ^ b.1) | (a.2 ^ b.2) | (a.3 ^ b.3) == 0
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
