internal import Logging
internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

/// A WebSocket from its opening to its end: one client's connection, and the one to the API that it is tied to, with the
/// credential that opened it.
///
/// Each direction is a struct of its own, ``SocketUplink`` and ``SocketDownlink``. While nothing moves, there is no buffer.
@EventLoop final class WebSocketRelay {
    /// Bytes that one direction moves before others have their turn.
    static let turnBudget = 512 * 1024
    /// How long an end may take to answer a close frame.
    private static let answerTime = Duration.seconds(10)

    private enum Progress {
        case waiting, busy, holding
    }

    let service: Service
    let user: User?
    let address: String
    let trace: RequestTrace?
    /// When the API accepted, and what it calls the request.
    let opened: Instant?
    let apiRequest: BoundedText
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
        trace = exchange.trace
        opened = exchange.downlink.firstByte
        apiRequest = exchange.downlink.requestID
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
    func run() async {
        await relay()
        if metering.handover.isHolding { try? await settleUsage() }
        await close()
        share.update(0, of: service.buffers)
        log()
        service.endWebSocket(of: user)
        service.access?.note(AccessLine(self))
    }

    private func relay() async {
        do throws(WebSocketEnd) {
            try forwardEarly()
            while true {
                switch try move() {
                case .busy: await EventLoop.yield()
                case .holding: try await settleUsage()
                case .waiting: try await wait()
                }
                if Task.isCancelled { throw .cut }
            }
        } catch {
            end = error
        }
    }

    /// Moves what can be moved now. Not inlined: its memory would be the socket's for as long as that lives.
    @inline(never) private func move() throws(WebSocketEnd) -> Progress {
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

    @inline(never) private func settleUsage() async throws(WebSocketEnd) {
        guard let record = metering.handover.unsettled else { return }
        do throws(WaitError) {
            try await service.reporter.handOver(record)
            metering.handover.settle()
        } catch {
            throw .cut
        }
    }

    private func wait() async throws(WebSocketEnd) {
        do throws(WaitError) {
            try await wakeup.wait(until: deadline)
        } catch {
            guard error == .timedOut else { throw .cut }
            try noteTime()
        }
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

    @inline(never) private func noteTime() throws(WebSocketEnd) {
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
