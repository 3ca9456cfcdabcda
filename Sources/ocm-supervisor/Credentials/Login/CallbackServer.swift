internal import OCMEventLoop
internal import OCMHTTP

/// Waits on this machine for the browser to come back from the OAuth server, which knows this one address.
///
/// Whoever connects may be anybody's program: what counts is a request that carries the sign-in's state. Others are
/// answered and forgotten, browsers that connect ahead of need are not waited for: of too many the one that has waited
/// longest gives way.
@EventLoop final class CallbackServer {
    nonisolated static let port: UInt16 = 1455
    nonisolated static let address = "127.0.0.1:\(port)"
    nonisolated static let redirect = "http://\(address)\(CallbackRequest.path)"

    /// The browser, waiting for its page, and what it brought.
    struct Arrival {
        let request: CallbackRequest
        let connection: CallbackConnection
    }

    private let listener: Listener
    let boundPort: UInt16
    private let state: Secret
    private let deadline: Instant
    private let wakeup = Wakeup()
    private var arrival: Arrival?
    /// Those whose request is not there yet, in the order in which they came.
    private var waiting: [CallbackConnection] = []
    /// How many are getting their page.
    private var answering = 0
    private static let maximumConnections = 32
    private var onForeign: (@EventLoop () -> Void)?

    /// `onForeign` is called when the first answer comes that belongs to another sign-in. A port of 0 is any free one.
    init(
        state: Secret, port: UInt16 = CallbackServer.port, until deadline: Instant,
        onForeign: @escaping @EventLoop () -> Void
    ) throws(LoginFailure) {
        self.state = state
        self.deadline = deadline
        self.onForeign = onForeign
        do throws(SystemError) {
            let descriptor = try Listener.bind(to: .v4(address: 0x7f00_0001, port: port), backlog: 16)
            boundPort = Listener.localAddress(of: descriptor)?.port ?? port
            listener = try Listener(adopting: descriptor)
        } catch {
            throw error.isAddressInUse ? .portInUse(PortHolder.ofLoopback(port)) : .listening(error)
        }
        EventLoop.spawn { await self.accept() }
    }

    /// The first request that counts.
    func next() async throws(LoginFailure) -> Arrival {
        while true {
            if let arrival { return arrival }
            do throws(WaitError) {
                try await wakeup.wait(until: deadline)
            } catch {
                throw .expired
            }
        }
    }

    /// No more requests; the one that has arrived still gets its page.
    func close() {
        listener.close()
    }

    private func accept() async {
        while listener.isOpen, arrival == nil {
            do {
                try await listener.acceptable()
                if try await makeRoom(), let (socket, _) = try listener.accept() { serve(socket) }
                // One at a time: whoever came with a request has it read before others push them out.
                await EventLoop.yield()
            } catch is WaitError {
                return
            } catch {
                try? await EventLoop.sleep(for: .seconds(1))
            }
        }
    }

    /// False where there is none yet: all are getting their page, which they do within seconds.
    private func makeRoom() async throws -> Bool {
        guard waiting.count + answering >= Self.maximumConnections else { return true }
        if waiting.isEmpty {
            try await EventLoop.sleep(for: .milliseconds(50))
            return false
        }
        waiting.removeFirst().close()
        return true
    }

    private func serve(_ socket: StreamSocket) {
        let connection = CallbackConnection(socket, until: deadline)
        waiting.append(connection)
        EventLoop.spawn { [self] in
            let request = await connection.request(state: state)
            waiting.removeAll { $0 === connection }
            guard let request else { return }
            answering += 1
            await answer(request, on: connection)
            answering -= 1
        }
    }

    private func answer(_ request: CallbackRequest, on connection: CallbackConnection) async {
        switch request {
        case .granted, .refused:
            guard arrival == nil else { return await connection.answer(.foreign) }
            arrival = Arrival(request: request, connection: connection)
            wakeup.signal()
        case .foreign:
            onForeign?()
            onForeign = nil
            await connection.answer(.foreign)
        case .malformed: await connection.answer(.malformed)
        case .elsewhere: await connection.answer(.elsewhere)
        }
    }
}
