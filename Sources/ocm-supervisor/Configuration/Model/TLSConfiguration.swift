/// PEM text that stands in the file itself or in a file of its own.
enum PEMSource: Equatable, Sendable {
    case inline(String)
    /// Absolute path.
    case file(String)
}

enum TLSVersion: String, CaseIterable, Comparable, Sendable {
    case v10 = "1.0"
    case v11 = "1.1"
    case v12 = "1.2"
    case v13 = "1.3"

    static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }
}

/// What both ends of a TLS connection can be told.
struct TLSParameters: Equatable, Sendable {
    /// Protocol names in the order of preference; empty leaves it to the protocol in use.
    var alpn: [String] = []
    var minimumVersion = TLSVersion.v12
    var maximumVersion = TLSVersion.v13
    /// IANA names of suites up to TLS 1.2; empty takes the library's choice.
    var cipherSuites: [String] = []
    /// Names of groups as sing-box spells them: P256, P384, P521, X25519, X25519MLKEM768.
    var curvePreferences: [String] = []
    var kernelTransmit = false
    var kernelReceive = false
}

/// TLS for the clients of a service.
struct ServerTLSConfiguration: Equatable, Sendable {
    enum ClientAuthentication: String, CaseIterable, Sendable {
        case no
        case request
        case requireAny = "require-any"
        case verifyIfGiven = "verify-if-given"
        case requireAndVerify = "require-and-verify"
    }

    var serverName: String?
    var parameters = TLSParameters()
    var certificate: PEMSource
    var key: PEMSource
    var clientAuthentication = ClientAuthentication.no
    /// The authorities of client certificates.
    var clientCertificates: [PEMSource] = []
    var handshakeTimeout = Duration.seconds(15)
}

/// TLS towards a proxy.
struct ClientTLSConfiguration: Equatable, Sendable {
    /// `nil` takes the proxy's own host name.
    var serverName: String?
    var sendsServerName = true
    /// Skips the verification of the certificate.
    var isInsecure = false
    var parameters = TLSParameters()
    /// The authorities to trust instead of the configured ones.
    var certificate: PEMSource?
    var clientCertificate: PEMSource?
    var clientKey: PEMSource?
}
