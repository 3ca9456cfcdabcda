internal import Glibc
internal import OCMEventLoop
internal import OCMTLS

/// The way to the OAuth server: its addresses one after the other, until one answers.
@EventLoop struct OAuthConnection {
    let endpoint: BaseURL
    let trust: [TrustSource]
    let deadlines: OAuthCall.Deadlines
    /// When all of it has to be over.
    let deadline: Instant

    func open() async throws(RefreshFailure) -> Transport {
        var failure = RefreshFailure.failed(.resolve, "the name has no address")
        for address in try addresses() {
            do throws(RefreshFailure) {
                // Nothing has been asked yet: whatever goes wrong here, the next address may be tried.
                return try await open(address)
            } catch {
                failure = error
            }
            if deadline <= EventLoop.now { break }
        }
        throw failure
    }

    private func open(_ address: SocketAddress) async throws(RefreshFailure) -> Transport {
        guard endpoint.isEncrypted || address.isLoopback else {
            throw .failed(.connect, "a token is not sent unencrypted to \(address)")
        }
        let socket: StreamSocket
        do throws(SystemError) {
            let limit = EventLoop.now + .milliseconds(deadlines.connect)
            socket = try await StreamSocket.connect(to: address, until: min(limit, deadline), wakeup: Wakeup())
        } catch {
            throw .failed(.connect, "\(address): \(error)")
        }
        return endpoint.isEncrypted ? try await secure(socket) : .plain(socket)
    }

    private func secure(_ socket: StreamSocket) async throws(RefreshFailure) -> Transport {
        do {
            var settings = TLSContext.ClientSettings()
            settings.applicationProtocols = ["http/1.1"]
            let context = try TLSContext(client: settings, trust: try TrustStore(trust))
            let stream = try TLSStream(socket, context: context)
            let limit = EventLoop.now + .milliseconds(deadlines.handshake)
            try await stream.handshake(host: endpoint.host, until: min(limit, deadline))
            return .tls(stream)
        } catch {
            socket.close()
            throw .failed(.handshake, "\(error)")
        }
    }

    private func addresses() throws(RefreshFailure) -> [SocketAddress] {
        do throws(ResolverError) {
            return try AddressLookup.addresses(of: endpoint.host, port: endpoint.port)
        } catch {
            throw .failed(.resolve, "\(error)")
        }
    }
}
