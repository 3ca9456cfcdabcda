import OCMTLS
import Testing

@Suite struct SHA256DigestTests {
    /// FIPS 180-4's examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func theDigestIsTheStandards(_ text: String, _ hexadecimal: String) {
        let digest = SHA256Digest(of: text)
        #expect(digest.hexadecimal == hexadecimal)
        #expect(SHA256Digest(hexadecimal: hexadecimal.uppercased()) == digest)
        #expect(SHA256Digest(bytes: digest.bytes.span) == digest)
    }

    @Test func digestsThatDifferInOneBitDiffer() {
        let digest = SHA256Digest(of: "token")
        for index in 0..<SHA256Digest.byteCount * 8 {
            var bytes = digest.bytes
            bytes[index / 8] ^= 1 << (index % 8)
            #expect(SHA256Digest(bytes: bytes.span) != digest)
        }
        #expect(Set([digest, SHA256Digest(of: "token"), SHA256Digest(of: "other")]).count == 2)
    }

    @Test(arguments: ["", "ab", String(repeating: "a", count: 63), String(repeating: "g", count: 64)])
    func whatIsNoDigestIsNotTaken(_ text: String) {
        #expect(SHA256Digest(hexadecimal: text) == nil)
        #expect(SHA256Digest(bytes: Array(text.utf8).span) == nil || text.utf8.count == 32)
    }
}
