internal import Logging
internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

/// A WebSocket from its opening to its end: one client's connection, and the one to the API that it is tied to, with the
/// credential that opened it.
///
/// Each direction is a struct of its own, ``SocketUplink`` and ``SocketDownlink``. While nothing moves, there is no buffer.
@EventLoop final class WebSocketRelay: ReadinessHandler {
    /// Bytes that one direction moves before others have their turn.
    static let turnBudget = 512 * 1024
    /// How long an end may take to answer a close frame.
    private static let answerTime = Duration.seconds(10)

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
    var uplink: SocketUplink
    var downlink: SocketDownlink
    var metering: SocketMetering
    private var share = BufferShare()
    /// What was read with the heads, of the client and of the API.
    private var early: (fromClient: [UInt8], fromAPI: [UInt8])
    /// When one of the ends was heard to close.
    private var closeStart: Instant?
    /// What was moved while the task waited has led to something that it has to see to.
    private var outcome: Result<Progress, WebSocketEnd>?
    /// Why the last wait ended, but for a signal.
    private var failure: WaitError?
    private var isBegun = false
    private var isToDrain = false
    private var isRevoked = false
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
        uplink = SocketUplink(from: client, to: api, messageLimit: limit)
        downlink = SocketDownlink(
            from: api, to: client, messageLimit: limit, outlet: exchange.downlink.outlet)
        metering = SocketMetering(
            service: service, credential: exchange.downlink.metering.credential,
            handover: exchange.downlink.metering.handover)
        early = (exchange.input, exchange.downlink.unread)
    }

    /// The worker drains: the socket ends between two responses.
    func noteDrain() {
        isToDrain = true
        wakeup.signal()
    }

    /// The users have changed.
    func noteUsers() {
        guard !service.users.permits(user) else { return }
        isRevoked = true
        wakeup.signal()
    }

    /// Relays until the socket has ended, and closes both connections.
    ///
    /// Nearly all of a socket's life is spent in the one wait here. What runs between two waits is not inlined: its memory
    /// would be the socket's for as long as that lives.
    func run() async {
        wakeup.handler = self
        while let need = step() {
            do throws(WaitError) {
                switch need {
                case .signal(let deadline): try await wakeup.wait(until: deadline)
                case .turn: await EventLoop.yield()
                case .handover(let record):
                    try await service.reporter.handOver(record)
                    metering.handover.settle()
                }
            } catch {
                failure = error
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
            try noteWait()
            switch try next() {
            case .busy: return .turn
            case .waiting: return .signal(deadline)
            case .holding: return metering.handover.unsettled.map { .handover($0) } ?? .turn
            }
        } catch {
            end = error
            return nil
        }
    }

    /// How the wait before this step has ended.
    private func noteWait() throws(WebSocketEnd) {
        if Task.isCancelled || failure == .cancelled { throw .cut }
        if failure == .timedOut { try noteTime() }
        failure = nil
        if !isBegun {
            isBegun = true
            try forwardEarly()
        }
    }

    @inline(never) private func finish() async {
        wakeup.handler = nil
        if let record = metering.handover.unsettled { try? await service.reporter.handOver(record) }
        await close()
        noteEnd()
    }

    @inline(never) private func noteEnd() {
        share.update(0, of: service.buffers)
        log()
        service.endWebSocket(of: user)
        service.access?.note(AccessLine(self))
        wakeup.disarm()
    }

    /// Moves bytes from one end to the other in the turn in which they come.
    func handleReadiness() -> Bool {
        do throws(WebSocketEnd) {
            let progress = try move()
            // The task looks again by itself: something else may have become ready by then.
            if case .waiting = progress { return !hasOtherDeadline }
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
        let isUplinkBusy = try uplink.pump(meter: &metering, service.buffers)
        let isDownlinkBusy = try downlink.pump(meter: &metering, service.buffers)
        share.update(uplink.outlet.held + downlink.outlet.held, of: service.buffers)
        if metering.handover.isHolding { return .holding }
        if isUplinkBusy || isDownlinkBusy { return .busy }
        if uplink.isClosed || downlink.isClosed { try noteClose() }
        if isToDrain, !metering.isResponding, uplink.isAtRest, downlink.isAtRest { throw .drained }
        return .waiting
    }

    private func forwardEarly() throws(WebSocketEnd) {
        var (fromClient, fromAPI) = early
        early = ([], [])
        var bytes = fromClient.mutableSpan
        if !bytes.isEmpty { try uplink.forward(&bytes, meter: &metering) }
        bytes = fromAPI.mutableSpan
        if !bytes.isEmpty { try downlink.forward(&bytes, meter: &metering) }
    }

    private func noteClose() throws(WebSocketEnd) {
        if uplink.isClosed, downlink.isClosed, !uplink.outlet.isBlocked, !downlink.outlet.isBlocked { throw .closed }
        if closeStart == nil { closeStart = EventLoop.now }
    }
}

// Time.
extension WebSocketRelay {
    /// Until when something has to move.
    private var deadline: Instant {
        let bounds = service.bounds
        var deadline = min(
            uplink.watch.deadline(bounds.webSocketPing), downlink.watch.deadline(bounds.webSocketPing))
        if uplink.outlet.isBlocked {
            deadline = min(deadline, uplink.outlet.stallStart.after(nanoseconds: bounds.writeStall))
        }
        if downlink.outlet.isBlocked {
            deadline = min(deadline, downlink.outlet.stallStart.after(nanoseconds: bounds.writeStall))
        }
        if let closeStart { deadline = min(deadline, closeStart + Self.answerTime) }
        return deadline
    }

    /// Whether something has to happen before the next ping.
    private var hasOtherDeadline: Bool { uplink.outlet.isBlocked || downlink.outlet.isBlocked || closeStart != nil }

    private func noteTime() throws(WebSocketEnd) {
        let now = EventLoop.now
        let bounds = service.bounds
        if let closeStart, closeStart + Self.answerTime <= now { throw .unanswered }
        if downlink.outlet.isStalled(at: now, bounds.writeStall) { throw .clientStalled }
        if uplink.outlet.isStalled(at: now, bounds.writeStall) { throw .apiStalled }
        switch uplink.watch.need(at: now, bounds.webSocketPing) {
        case .nothing: break
        case .ping: downlink.ping(&uplink.watch)
        case .end: throw .clientSilent
        }
        switch downlink.watch.need(at: now, bounds.webSocketPing) {
        case .nothing: break
        case .ping: uplink.ping(&downlink.watch)
        case .end: throw .apiSilent
        }
    }
}
