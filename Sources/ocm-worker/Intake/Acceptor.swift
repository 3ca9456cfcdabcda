internal import Glibc
internal import Logging
internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

/// Accepts the connections of one listener.
@EventLoop final class Acceptor {
    let listener: Listener
    let service: Service
    private let lifecycle: Lifecycle
    private var task: Task<Void, Never>?

    /// Connections that are accepted before other work and the other workers have their turn.
    private static let batch = 8

    init(_ listener: Listener, to service: Service, lifecycle: Lifecycle) {
        self.listener = listener
        self.service = service
        self.lifecycle = lifecycle
    }

    func start() {
        task = EventLoop.spawn { [self] in await run() }
    }

    /// Stops accepting. A worker that was woken for a connection accepts it all the same: nobody else would be.
    func stop() {
        listener.pause()
        while let accepted = try? listener.accept() { serve(accepted.socket, accepted.peer) }
        listener.close()
        task?.cancel()
    }

    private func run() async {
        while listener.isOpen {
            do {
                try await listener.acceptable()
                for _ in 0..<Self.batch {
                    guard let accepted = try listener.accept() else { break }
                    serve(accepted.socket, accepted.peer)
                }
                try listener.requeue()
            } catch let error as SystemError {
                guard listener.isOpen else { return }
                service.logger.warning(
                    "connections can't be accepted", metadata: ["service": "\(service.tag)", "reason": "\(error)"])
                await rest()
            } catch {
                return
            }
        }
    }

    /// Out of descriptors or memory: leaves the queue to others until some may have been given back.
    private func rest() async {
        listener.pause()
        try? await EventLoop.sleep(for: .milliseconds(200))
        guard listener.isOpen else { return }
        try? listener.resume()
    }

    private func serve(_ socket: StreamSocket, _ peer: SocketAddress?) {
        let address = Self.address(of: peer, on: socket)
        let bounds = service.bounds
        // Who comes by a Unix socket has no address of its own: all of a proxy's clients would be one.
        let isLocal = peer?.family == AF_UNIX
        guard lifecycle.connectionCount < bounds.connections,
            isLocal || lifecycle.connectionCount(of: address) < bounds.connectionsPerAddress
        else {
            turnAway(socket)
            return
        }
        lifecycle.start(
            ClientConnection(.plain(socket), from: address, to: service, lifecycle: lifecycle))
    }

    /// For logs and limits. Of a Unix socket's peer the kernel knows the user: `unix:1000`.
    private static func address(of peer: SocketAddress?, on socket: StreamSocket) -> String {
        guard let peer else { return "unknown" }
        guard peer.family == AF_UNIX else { return peer.host }
        return (try? socket.peerCredentials()).map { "unix:\($0.user)" } ?? "unix"
    }

    /// Answers without reading: as cheap as a refusal can be.
    private func turnAway(_ socket: StreamSocket) {
        var output: [UInt8] = []
        let response = ErrorResponse(
            status: 503, type: "api_error", code: "overloaded", message: "too many connections", retryAfter: 1,
            closes: true)
        response.write(answering: .get, into: &output)
        _ = try? socket.write(output.span)
        socket.shutdownSending()
        socket.close()
    }
}
