internal import COpenSSL
package import OCMEventLoop

/// What the connections of one purpose have in common: trust, versions, protocols offered, sessions to resume.
///
/// Make one for each purpose and keep it: making it costs about a millisecond, and its sessions are what saves
/// handshakes. No renegotiation, no compression, whatever the configuration.
@safe @EventLoop package final class TLSContext {
    private let context: ContextHandle
    private var sessions = SessionCache()

    /// How connections as a client are made.
    package struct ClientSettings: Sendable {
        package var minimumVersion = TLSVersion.v1_2
        package var maximumVersion = TLSVersion.v1_3
        /// For ALPN, by preference: `h2`, `http/1.1`; each of 1 to 255 bytes. None: the extension is not sent.
        package var applicationProtocols: [String] = []

        package init() {}
    }

    /// A context for connections that we open, whose peers must show a certificate that `trust` vouches for.
    package convenience init(client settings: ClientSettings, trust: TrustStore) throws(TLSError) {
        try unsafe self.init(TLS_client_method(), settings.minimumVersion, settings.maximumVersion)
        unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
        unsafe SSL_CTX_set1_cert_store(context.pointer, trust.pointer)
        try offer(settings.applicationProtocols)
        keepSessions()
    }

    /// What clients and servers have in common.
    private init(_ method: OpaquePointer?, _ minimum: TLSVersion, _ maximum: TLSVersion) throws(TLSError) {
        ERR_clear_error()
        guard let context = unsafe ContextHandle(method) else { throw .library(ERR_peek_error()) }
        self.context = context
        let pointer = unsafe self.context.pointer
        guard unsafe ocm_ssl_ctx_set_versions(pointer, minimum.number, maximum.number) == 1 else {
            throw .library(ERR_peek_error())
        }
        // OpenSSL permits what the old versions need (SHA-1) at level 0 only.
        if minimum < .v1_2 { unsafe SSL_CTX_set_security_level(pointer, 0) }
        unsafe SSL_CTX_set_options(pointer, OCM_SSL_OP_NO_RENEGOTIATION | OCM_SSL_OP_NO_COMPRESSION)
        unsafe ocm_ssl_ctx_set_mode(
            pointer,
            Int(SSL_MODE_ENABLE_PARTIAL_WRITE) | Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)
                | Int(SSL_MODE_RELEASE_BUFFERS))
        // Header and body of a record come with one system call, and so do several records.
        unsafe ocm_ssl_ctx_set_read_ahead(pointer)
    }

    private func offer(_ protocols: [String]) throws(TLSError) {
        guard !protocols.isEmpty else { return }
        var list: [UInt8] = []
        for name in protocols {
            list.append(UInt8(truncatingIfNeeded: name.utf8.count))
            list += name.utf8
        }
        // 0 is success here, unlike everywhere else; lengths that do not fit are found out by OpenSSL.
        guard unsafe SSL_CTX_set_alpn_protos(context.pointer, list, UInt32(list.count)) == 0 else {
            throw .library(ERR_peek_error())
        }
    }

    /// A new connection's state. Nil when memory is out.
    func connection() -> ConnectionHandle? {
        ConnectionHandle(context)
    }
}

// Sessions, of clients.
extension TLSContext {
    /// Has OpenSSL hand over each session that can be resumed. With TLS 1.3 that is after the handshake, when the
    /// server's tickets come with the first data.
    private func keepSessions() {
        unsafe ocm_ssl_ctx_set_session_cache_mode(
            context.pointer, Int(SSL_SESS_CACHE_CLIENT) | Int(SSL_SESS_CACHE_NO_INTERNAL))
        unsafe SSL_CTX_sess_set_new_cb(context.pointer) { connection, session in
            guard let session = unsafe session, let connection = unsafe connection,
                let owner = unsafe ocm_ssl_owner(connection)
            else { return 0 }
            let stream = unsafe Unmanaged<TLSStream>.fromOpaque(owner).takeUnretainedValue()
            let address = Int(bitPattern: session)
            EventLoop.assumeIsolated {
                guard let pointer = unsafe OpaquePointer(bitPattern: address) else { return }
                unsafe stream.received(Session(owning: pointer))
            }
            return 1
        }
    }

    func session(for host: String) -> Session? { sessions[host] }

    func keep(_ session: Session, for host: String) { sessions.keep(session, for: host) }
}
