internal import Glibc
internal import Logging
internal import OCMEventLoop
internal import OCMTLS

/// Accepts the connections of one listener.
@EventLoop final class Acceptor {
    let listener: Listener
    let service: Service
    private let lifecycle: Lifecycle
    private var task: Task<Void, Never>?
    private let turnAway = TurnAway()
    /// Connections that were turned away and are not in the log yet, and when the next line may be written.
    private var turnedAway = 0
    private var nextLine = Instant.now

    /// Connections that are accepted before other work and the other workers have their turn.
    private static let batch = 8
    /// Bytes that the kernel keeps for a client that does not read; what is more waits with the API.
    private static let unsent: Int32 = 64 * 1024

    init(_ listener: Listener, to service: Service, lifecycle: Lifecycle) {
        self.listener = listener
        self.service = service
        self.lifecycle = lifecycle
    }

    func start() {
        listener.limitUnsent(Self.unsent)
        task = EventLoop.spawn { [self] in await run() }
    }

    /// Stops accepting. A worker that was woken for a connection accepts it all the same: nobody else would be.
    func stop() {
        listener.pause()
        while let accepted = try? listener.accept() { _ = serve(accepted.socket, accepted.peer) }
        listener.close()
        task?.cancel()
    }

    private func run() async {
        while listener.isOpen {
            do {
                try await listener.acceptable()
                if try acceptBatch() { try listener.requeue() } else { await rest() }
            } catch let error as SystemError {
                guard listener.isOpen else { return }
                complain("connections can't be accepted", "\(error)")
                await rest()
            } catch {
                return
            }
        }
    }

    /// False where there is no room for more.
    private func acceptBatch() throws(SystemError) -> Bool {
        for _ in 0..<Self.batch {
            guard let accepted = try listener.accept() else { break }
            if let scarcity = serve(accepted.socket, accepted.peer), scarcity.isPressing { return false }
        }
        return true
    }

    /// Out of descriptors or memory: leaves the queue to others until some may have been given back.
    private func rest() async {
        listener.pause()
        try? await EventLoop.sleep(for: .milliseconds(200))
        guard listener.isOpen else { return }
        try? listener.resume()
    }

    /// Serves a connection, or turns it away; says why.
    private func serve(_ socket: StreamSocket, _ peer: SocketAddress?) -> Scarcity? {
        let (block, address) = Self.address(of: peer, on: socket)
        if let scarcity = lifecycle.scarcity(for: block, on: socket, service.bounds) {
            turnAway(socket)
            turnedAway += 1
            complain("connections are turned away", "\(scarcity.description)")
            return scarcity
        }
        lifecycle.start(
            ClientConnection(.plain(socket), from: address, block, to: service, lifecycle: lifecycle))
        return nil
    }

    /// For limits and for logs. Of a Unix socket's peer the kernel knows the user: `unix:1000`.
    private static func address(of peer: SocketAddress?, on socket: StreamSocket) -> (AddressBlock, String) {
        guard let peer else { return (.unknown, "unknown") }
        guard peer.family == AF_UNIX else { return (AddressBlock(peer), peer.host) }
        let user = try? socket.peerCredentials().user
        return (.user(user ?? .max), user.map { "unix:\($0)" } ?? "unix")
    }

    /// At once, and then once a minute as long as it goes on.
    private func complain(_ what: StaticString, _ reason: @autoclosure () -> String) {
        guard nextLine <= EventLoop.now else { return }
        nextLine = EventLoop.now + .seconds(60)
        service.logger.warning(
            "\(what)",
            metadata: ["service": "\(service.tag)", "reason": "\(reason())", "connections": "\(turnedAway)"])
        turnedAway = 0
    }
}
