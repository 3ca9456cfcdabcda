internal import OCMEventLoop
internal import OCMIPC
internal import OCMTLS

/// The connections to one origin: those that wait are used again newest first, so that a small load keeps few open.
/// There is no cap: what the busiest moment opened is there for the next, until it has waited too long.
@EventLoop final class UpstreamPool {
    private let endpoint: WorkerConfiguration.Endpoint
    private let dialer: Dialer
    private var idle: [UpstreamConnection] = []
    /// Signalled by waiting connections, whose peer has closed or said something unasked.
    private let wakeup = Wakeup()
    private var isWatched = false

    /// Shorter than the servers in question wait (a minute or more), so that they seldom close under a request.
    private static let idleAtMost = Duration.seconds(50)

    init(_ endpoint: WorkerConfiguration.Endpoint, dialer: Dialer) {
        self.endpoint = endpoint
        self.dialer = dialer
    }

    /// A connection that waits, made to signal `wakeup` instead; nil without one that is usable.
    func take(for wakeup: Wakeup) -> UpstreamConnection? {
        while let connection = idle.popLast() {
            if connection.isUsable, connection.transport.socket.isQuiet {
                connection.transport.wakeup = wakeup
                return connection
            }
            connection.transport.close()
        }
        return nil
    }

    /// Opens a new one.
    func dial(for wakeup: Wakeup) async throws(UpstreamError) -> UpstreamConnection {
        UpstreamConnection(try await dialer.dial(endpoint, wakeup: wakeup))
    }

    /// Takes a connection back after an exchange that left it clean.
    func put(_ connection: UpstreamConnection) {
        connection.rest(at: EventLoop.now)
        connection.transport.wakeup = wakeup
        idle.append(connection)
        watch()
    }

    var idleCount: Int { idle.count }

    /// Closes those that the peer has closed and those that have waited too long, as long as there are any.
    private func watch() {
        guard !isWatched else { return }
        isWatched = true
        EventLoop.spawn { [self] in
            while let oldest = idle.first {
                try? await wakeup.wait(until: oldest.idleSince + Self.idleAtMost)
                sweep()
            }
            wakeup.disarm()
            isWatched = false
        }
    }

    private func sweep() {
        let limit = EventLoop.now
        idle.removeAll { connection in
            let isOver = !connection.isUsable || connection.idleSince + Self.idleAtMost <= limit
            if isOver { connection.transport.close() }
            return isOver
        }
    }
}
