internal import OCMEventLoop
internal import OCMTLS

/// What connections to the API are secured with. The certificates are parsed once, at the start: that takes tens of
/// milliseconds, in which no client should wait.
@EventLoop final class UpstreamSecurity {
    private let context: TLSContext

    /// - Parameter roots: the trusted certificates in PEM.
    init(roots: [UInt8]) throws(TLSError) {
        let trust: TrustStore
        do throws(TrustError) { trust = try TrustStore([.pem(roots)]) } catch { throw .certificate(.unknownAuthority) }
        var settings = TLSContext.ClientSettings()
        settings.applicationProtocols = ["http/1.1"]
        context = try TLSContext(client: settings, trust: trust)
    }

    /// Secures a connection; closes its socket when it throws.
    func handshake(
        on socket: StreamSocket, host: String, until deadline: Instant
    ) async throws(TLSError) -> TLSStream {
        let stream: TLSStream
        do throws(TLSError) {
            stream = try TLSStream(socket, context: context)
        } catch {
            socket.close()
            throw error
        }
        try await stream.handshake(host: host, until: deadline)
        return stream
    }
}
