internal import COpenSSL
internal import OCMEventLoop

extension TLSError: CustomStringConvertible {
    /// For people.
    package var description: String {
        switch self {
        case .certificate(let fault): fault.description
        case .protocolVersion: "the server offers no version of TLS that is allowed here"
        case .notTLS: "the server does not speak TLS on this port"
        case .alert(let number): "the server refused: \(TLSError.reason(ofAlert: number)) (alert \(number))"
        case .closed: "the server closed the connection during the TLS handshake"
        case .timedOut: "the TLS handshake took too long"
        case .cancelled: "the TLS handshake was abandoned"
        case .invalidHost: "not a host name that TLS could verify"
        case .system(let error): error.description
        case .library(let code): "TLS failed: \(TLSError.reason(code))"
        }
    }

    /// OpenSSL has a text for an alert that was received, as the reason of an error (ERR_PACK(3)).
    private static func reason(ofAlert number: UInt8) -> String {
        reason(UInt(ERR_LIB_SSL) << UInt(ERR_LIB_OFFSET) | UInt(SSL_AD_REASON_OFFSET) + UInt(number))
    }

    private static func reason(_ code: UInt) -> String {
        guard let text = unsafe ERR_reason_error_string(code) else { return "error \(String(code, radix: 16))" }
        return unsafe String(cString: text)
    }
}

extension CertificateFault: CustomStringConvertible {
    /// For people.
    package var description: String {
        switch self {
        case .expired: "the server's certificate has expired"
        case .notYetValid: "the server's certificate is not valid yet: is the clock right?"
        case .selfSigned: "the server's certificate is signed by itself and not among the trusted ones"
        case .unknownAuthority: "the server's certificate is not signed by a trusted authority"
        case .wrongHost: "the server's certificate is for another host"
        case .revoked: "the server's certificate has been revoked"
        case .weak: "the server's certificate is signed too weakly, or its key is too short"
        case .wrongPurpose: "the server's certificate is not made for a server"
        case .other(let code):
            unsafe "the server's certificate is not good: \(String(cString: X509_verify_cert_error_string(code)))"
        }
    }
}
