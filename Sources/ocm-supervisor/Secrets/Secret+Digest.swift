internal import OCMTLS

extension Secret {
    /// Tells whether two secrets are the same without keeping either.
    var digest: SHA256Digest {
        withBytes { SHA256Digest(of: $0) }
    }
}
