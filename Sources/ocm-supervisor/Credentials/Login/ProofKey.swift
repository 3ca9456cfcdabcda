internal import OCMTLS

/// A proof key for a code exchange (RFC 7636): its digest goes out with the link, the verifier comes with the code, so
/// that a code is of no use to anybody else.
struct ProofKey {
    /// 43 to 128 unreserved characters.
    let verifier: Secret

    /// The code challenge by the method S256.
    var challenge: String {
        let digest = verifier.digest.bytes
        return Base64URL.encode(digest.span).string ?? ""
    }

    /// 64 random bytes, 86 characters.
    static func random() -> ProofKey {
        ProofKey(verifier: RandomText.make(byteCount: 64))
    }
}

/// Text that nobody guesses.
enum RandomText {
    /// Bytes of getrandom(2), which is what the system's generator asks, in base64url.
    static func make(byteCount: Int) -> Secret {
        var generator = SystemRandomNumberGenerator()
        let bytes = Secret(capacity: byteCount) { output in
            for _ in 0..<byteCount { output.append(UInt8.random(in: .min ... .max, using: &generator)) }
        }
        return bytes.withBytes { Base64URL.encode($0) }
    }
}
