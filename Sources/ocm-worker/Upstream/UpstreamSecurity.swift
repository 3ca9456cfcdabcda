internal import OCMEventLoop
internal import OCMTLS

/// What connections to the API are secured with. The certificates are parsed when they are first needed: that takes tens of
/// milliseconds.
@EventLoop final class UpstreamSecurity {
    private let roots: [UInt8]
    private var context: TLSContext?

    /// - Parameter roots: the trusted certificates in PEM.
    init(roots: [UInt8]) {
        self.roots = roots
    }

    func handshake(
        on socket: StreamSocket, host: String, until deadline: Instant
    ) async throws(TLSError) -> TLSStream {
        let stream = try TLSStream(socket, context: try currentContext())
        try await stream.handshake(host: host, until: deadline)
        return stream
    }

    private func currentContext() throws(TLSError) -> TLSContext {
        if let context { return context }
        let trust: TrustStore
        do throws(TrustError) { trust = try TrustStore([.pem(roots)]) } catch { throw .certificate(.unknownAuthority) }
        var settings = TLSContext.ClientSettings()
        settings.applicationProtocols = ["http/1.1"]
        let made = try TLSContext(client: settings, trust: trust)
        context = made
        return made
    }
}
