package import OCMEventLoop

/// Why a secure connection did not come about, or broke.
package enum TLSError: Error, Equatable, Sendable {
    /// The peer's certificate is not one to be trusted.
    case certificate(CertificateFault)
    /// The two sides have no version of TLS in common.
    case protocolVersion
    /// The peer answered something that is not TLS.
    case notTLS
    /// The peer ended the handshake or the connection with an alert (RFC 8446, 6.2).
    case alert(UInt8)
    /// The peer closed the connection in the middle of the handshake.
    case closed
    case timedOut
    case cancelled
    /// The host name is none that a certificate or SNI could name.
    case invalidHost
    case system(SystemError)
    /// Anything else, by OpenSSL's error code (ERR_get_error(3)); 0 where it gave none.
    case library(UInt)
}

/// What is wrong with a certificate (X509_STORE_CTX_get_error(3)).
package enum CertificateFault: Equatable, Sendable {
    case expired
    case notYetValid
    /// It is signed with its own key, and not among the trusted ones.
    case selfSigned
    /// The chain does not lead to a trusted authority.
    case unknownAuthority
    /// It is good, for another host.
    case wrongHost
    case revoked
    /// Key or signature are too weak for the security level.
    case weak
    /// It is not made for servers.
    case wrongPurpose
    /// Anything else, by OpenSSL's number (X509_V_ERR_…).
    case other(Int)
}
