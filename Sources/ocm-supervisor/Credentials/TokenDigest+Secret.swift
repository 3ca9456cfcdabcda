internal import COpenSSL

extension TokenDigest {
    /// Tells whether two tokens are the same without keeping either.
    init(_ token: Secret) {
        var digest = [UInt8](repeating: 0, count: Self.byteCount)
        token.withBytes { bytes in
            unsafe bytes.withUnsafeBufferPointer { input in
                // One call over memory: it does not fail.
                _ = unsafe SHA256(input.baseAddress, input.count, &digest)
            }
        }
        bytes = digest
    }

    /// nil unless there are exactly 32.
    init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
}
