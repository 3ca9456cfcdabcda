internal import OCMTLS

/// One service of type ocm: a listener, the login it serves with, and who may use it.
struct ServiceConfiguration: Equatable, Sendable {
    /// Its place in the file's `services`, where services of other types may stand between.
    var index: Int
    /// Unique among the services; "ocm", "ocm-2", … where the file gives none.
    var tag: String
    var listener = Listener()
    /// Absolute path of the auth.json.
    var credentialPath: String
    /// Absolute path of the usage file; `nil` counts nothing.
    var usagesPath: String?
    /// Who may use the service; empty lets everyone in.
    var users: [User] = []
    /// Set on every request to the API, in the order of the file.
    var headers: [HeaderOverride] = []
    /// Tag of the outbound that the API and the OAuth server are reached through; `nil` reaches them directly.
    var detour: String?
    /// `nil` serves in the clear.
    var tls: ServerTLSConfiguration?
}

extension ServiceConfiguration {
    struct User: Equatable, Sendable {
        /// Unique within the service, not empty, without control characters, at most 255 bytes.
        var name: String
        /// Unique within the service.
        var digest: SHA256Digest
    }

    /// A field that every request to the API carries instead of the client's own of that name.
    struct HeaderOverride: Equatable, Sendable {
        /// A token (RFC 9110 section 5.6.2) as the file spells it; unique in any case within the service.
        var name: String
        /// One field line each, without CR, LF, NUL or white space at the ends; none at all removes the client's field.
        var values: [String]
    }

    /// Where and how connections are taken, unless the service manager hands over a socket of the service's tag.
    struct Listener: Equatable, Sendable {
        var address = NumericAddress.loopback
        /// 0 is any free one.
        var port: UInt16 = 0
        /// SO_BINDTODEVICE
        var bindInterface: String?
        /// SO_MARK, 0 for none.
        var routingMark: UInt32 = 0
        /// Name or path of a network namespace.
        var networkNamespace: String?
        var fastOpen = false
        var multipath = false
        /// `nil` switches keep-alive probes off.
        var keepAlive: KeepAlive? = KeepAlive()
    }
}

/// TCP keep-alive (tcp(7)): both 1…32767 seconds.
struct KeepAlive: Equatable, Sendable {
    /// TCP_KEEPIDLE
    var idle = Duration.seconds(5 * 60)
    /// TCP_KEEPINTVL
    var interval = Duration.seconds(75)
}
