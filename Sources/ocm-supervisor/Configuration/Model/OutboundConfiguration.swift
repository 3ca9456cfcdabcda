/// A way to reach the API other than straight from the machine's own address.
struct OutboundConfiguration: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case direct
        case socks(Proxy, version: SocksVersion)
        case http(Proxy, path: String, headers: [ServiceConfiguration.HeaderOverride], tls: ClientTLSConfiguration?)
    }

    enum SocksVersion: String, CaseIterable, Sendable {
        case v4 = "4"
        case v4a = "4a"
        case v5 = "5"
    }

    struct Proxy: Equatable, Sendable {
        /// A host name or an IP literal.
        var server: String
        var port: UInt16
        var username: String?
        var password: String?
    }

    /// How connections of the outbound are made.
    struct Dialing: Equatable, Sendable {
        /// Tag of the outbound that this one is reached through.
        var detour: String?
        var bindInterface: String?
        var inet4BindAddress: NumericAddress?
        var inet6BindAddress: NumericAddress?
        var routingMark: UInt32 = 0
        var reuseAddress = false
        var networkNamespace: String?
        /// `nil` takes `supervisor.timeouts.upstream_connect`.
        var connectTimeout: Duration?
        var fastOpen = false
        var multipath = false
        var keepAlive: KeepAlive? = KeepAlive()
    }

    /// Its place in the file's `outbounds`.
    var index: Int
    var tag: String
    var kind: Kind
    var dialing = Dialing()

    /// Whether going through it is the same as going through none.
    var isPlainDirect: Bool {
        kind == .direct && dialing == Dialing()
    }
}
