internal import Logging
internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

/// A WebSocket from its opening to its end: one client's connection, and the one to the API that it is tied to, with the
/// credential that opened it.
///
/// Each direction is a value of its own, a ``SocketDirection``. While nothing moves, there is no buffer.
@EventLoop final class WebSocketRelay: ReadinessHandler {
    enum Progress {
        case waiting, busy, holding
    }

    let service: Service
    let user: User?
    let address: String
    let origin: SocketOrigin?
    let client: Transport
    let api: Transport
    let wakeup: Wakeup
    /// The client's frames to the API, and the API's to the client.
    var uplink: SocketDirection
    var downlink: SocketDirection
    var metering: SocketMetering
    private var share = BufferShare()
    /// What was read with the heads, of the client and of the API.
    private var early: (fromClient: [UInt8], fromAPI: [UInt8])
    /// When one of the ends has closed, and the other one has been told.
    private(set) var closeStart: Instant?
    /// What was moved while the task waited has led to something that it has to see to.
    private var outcome: Result<Progress, WebSocketEnd>?
    /// The last wait ended by its deadline.
    private var isOverdue = false
    /// Until when the task waits.
    private var awaited = Instant.never
    private var isBegun = false
    private var isToDrain = false
    private var isRevoked = false
    private(set) var isCut = false
    private(set) var end = WebSocketEnd.closed

    /// Takes over what an exchange has opened.
    ///
    /// - Parameter api: the connection that has been switched.
    init(_ exchange: Exchange, api: Transport) {
        service = exchange.service
        user = exchange.request.user
        address = exchange.address
        origin = SocketOrigin(exchange)
        client = exchange.client
        self.api = api
        wakeup = exchange.wakeup
        let limit = service.bounds.webSocketMessage
        uplink = SocketDirection(of: .client, from: client, to: api, limit: limit)
        // The answer to the upgrade may still be in the outlet.
        downlink = SocketDirection(of: .server, from: api, to: client, limit: limit, outlet: exchange.downlink.outlet)
        metering = SocketMetering(
            service: service, credential: exchange.downlink.metering.credential,
            handover: exchange.downlink.metering.handover)
        early = (exchange.input, exchange.downlink.unread)
    }

    /// See ``WebSocketMeter/isResponding``.
    var isResponding: Bool { metering.isResponding }

    /// The worker drains: the socket ends between two responses.
    func noteDrain() {
        isToDrain = true
        wakeup.signal()
    }

    /// The users may have changed, or what the task waits for.
    func noteChange() {
        isRevoked = !service.users.permits(user)
        wakeup.signal()
    }

    /// The drain has come to its deadline.
    func cut() {
        isCut = true
        wakeup.signal()
    }

    /// Relays until the socket has ended, and closes both connections.
    ///
    /// Nearly all of a socket's life is spent in the one wait here. What runs between two waits is not inlined: its memory
    /// would be the socket's for as long as that lives.
    func run() async {
        wakeup.handler = self
        while let need = step() {
            switch need {
            case .signal(let deadline): isOverdue = await !wakeup.isSignalled(by: deadline)
            case .turn: await EventLoop.yield()
            case .handover(let record): await settleUsage(record)
            }
        }
        await finish()
    }

    /// What the socket has to wait for before it can go on.
    private enum Need {
        /// Something to move, until a deadline.
        case signal(Instant)
        /// Others have their turn.
        case turn
        /// The usage with this number has to be on its way.
        case handover(UInt64)
    }

    /// Moves what can be moved, and sees to the time; nil at the socket's end.
    @inline(never) private func step() -> Need? {
        do throws(WebSocketEnd) {
            try resume()
            switch try next() {
            case .busy:
                if deadline <= EventLoop.now { try keepTime() }
                return .turn
            case .waiting:
                awaited = deadline
                return .signal(awaited)
            case .holding: return metering.handover.unsettled.map { .handover($0) } ?? .turn
            }
        } catch {
            end = error
            return nil
        }
    }

    /// Sees to how the wait has ended.
    private func resume() throws(WebSocketEnd) {
        if isCut { throw .cut }
        if isOverdue { try keepTime() }
        isOverdue = false
        if !isBegun {
            isBegun = true
            try forwardEarly()
        }
    }

    @inline(never) private func finish() async {
        wakeup.handler = nil
        service.endWebSocket(of: user)
        if let record = metering.handover.unsettled { await settleUsage(record) }
        await close()
        leave()
    }

    @inline(never) private func settleUsage(_ record: UInt64) async {
        try? await service.reporter.handOver(record)
        metering.handover.settle()
    }

    @inline(never) private func leave() {
        share.update(0, of: service.buffers)
        log()
        service.access?.note(AccessLine(self))
        wakeup.disarm()
    }

    /// Moves bytes from one end to the other in the turn in which they come.
    func handleReadiness() -> Bool {
        do throws(WebSocketEnd) {
            let progress = try move()
            // The task looks again by itself: something else may have become ready by then.
            if case .waiting = progress { return deadline >= awaited }
            outcome = .success(progress)
        } catch {
            outcome = .failure(error)
        }
        return false
    }

    private func next() throws(WebSocketEnd) -> Progress {
        guard let outcome else { return try move() }
        self.outcome = nil
        return try outcome.get()
    }

    /// Moves what can be moved now.
    private func move() throws(WebSocketEnd) -> Progress {
        if isRevoked { throw .revoked }
        let isUplinkBusy = try uplink.pump(&metering, service.buffers)
        let isDownlinkBusy = try downlink.pump(&metering, service.buffers)
        if downlink.isAbandoned { throw .clientGone }
        share.update(uplink.outlet.held + downlink.outlet.held, of: service.buffers)
        if metering.handover.isHolding { return .holding }
        metering.handover.settle()
        if isUplinkBusy || isDownlinkBusy { return .busy }
        if uplink.outlet.isBlocked || downlink.outlet.isBlocked {
            // It is not read, so its end would not be met otherwise.
            if uplink.outlet.isBlocked, client.isHungUp { throw .clientGone }
            return .waiting
        }
        if uplink.isClosed || uplink.isAbandoned || downlink.isClosed { try awaitAnswer() }
        if isToDrain, !metering.isResponding, uplink.isAtRest, downlink.isAtRest { throw .drained }
        return .waiting
    }

    private func forwardEarly() throws(WebSocketEnd) {
        var (fromClient, fromAPI) = early
        early = ([], [])
        var bytes = fromClient.mutableSpan
        if !bytes.isEmpty { try uplink.forward(&bytes, &metering) }
        bytes = fromAPI.mutableSpan
        if !bytes.isEmpty { try downlink.forward(&bytes, &metering) }
    }

    /// One end has closed, and the other one has been told: it may answer, unless it can't, or nobody is there to hear it.
    private func awaitAnswer() throws(WebSocketEnd) {
        if downlink.isClosed, uplink.isClosed || uplink.isAbandoned { throw .closed }
        if uplink.isClosed, client.isHungUp { throw .closed }
        if closeStart == nil { closeStart = EventLoop.now }
    }
}
