import Logging
import OCMEventLoop
import OCMHTTP

/// Answers on the admin socket: accepts, looks who it is, and hands requests to the routes.
@EventLoop final class AdminServer {
    let socket: AdminSocket
    private let routes: AdminRoutes
    private let logger: Logger
    /// In the order in which they came.
    private var connections: [AdminConnection] = []
    private var refusals = AdminRefusals()
    /// Signalled when a connection has ended.
    private let left = Wakeup()

    /// Beyond that many the oldest gives way to the newest: whoever asks without delay is answered, however many others
    /// hold a connection and say nothing.
    static let maximumConnections = 16

    init(_ socket: AdminSocket, _ routes: AdminRoutes, logger: Logger) {
        self.socket = socket
        self.routes = routes
        self.logger = logger
    }

    func start() {
        EventLoop.spawn { [self] in await accept() }
    }

    /// Answers what has been asked, as far as that is done by the deadline, and lets the others wait: whoever connects
    /// meanwhile is answered after ``resume()``, or by the program that goes on with the socket.
    func pause(until deadline: Instant) async {
        socket.listener.pause()
        while connections.contains(where: { !$0.isWaiting }) {
            do { try await left.wait(until: deadline) } catch { return }
        }
    }

    func resume() {
        try? socket.listener.resume()
    }

    /// Accepts no more, and removes the socket. Who has asked already is answered.
    func retire() {
        socket.close()
    }

    /// Stops answering, and removes the socket. Who waits for the end is told.
    func close() {
        socket.close()
        for connection in connections { connection.part() }
    }

    private func accept() async {
        let listener = socket.listener
        while listener.isOpen {
            do {
                try await listener.acceptable()
                if let accepted = try listener.accept() { serve(accepted.socket) }
                // Accepted one at a time: the service's other work has its turn between any two.
                await EventLoop.yield()
            } catch let error as SystemError {
                guard listener.isOpen else { return }
                logger.warning("admin connections can't be accepted", metadata: ["reason": "\(error)"])
                listener.pause()
                try? await EventLoop.sleep(for: .milliseconds(200))
                try? listener.resume()
            } catch {
                return
            }
        }
    }

    private func serve(_ socket: StreamSocket) {
        guard let peer = try? socket.peerCredentials() else {
            socket.close()
            return
        }
        if connections.count >= Self.maximumConnections { connections.removeFirst().turnAway() }
        let connection = AdminConnection(socket)
        connections.append(connection)
        EventLoop.spawn { [self] in
            await connection.serve { [self] request in await answer(request, from: peer) }
            connections.removeAll { $0 === connection }
            left.signal()
        }
    }

    private func answer(_ request: AdminRequest, from peer: PeerCredentials) async -> AdminResponse {
        guard AdminAccess.isPermitted(peer, group: socket.group) else {
            if refusals.isNews(peer.user, at: EventLoop.now) {
                logger.warning(
                    "admin request refused",
                    metadata: ["user": "\(peer.user)", "process": "\(peer.process)"])
            }
            return .error(
                403, "permission_error", "only root, the supervisor's user and the socket's group may ask here")
        }
        logger.debug(
            "admin request",
            metadata: ["method": "\(request.method.name)", "path": "\(request.path)", "user": "\(peer.user)"])
        return await routes.answer(request)
    }
}
