internal import OCMEventLoop

extension WebSocketRelay {
    /// How long an end may take to answer a close frame.
    private static let answerTime = Duration.seconds(10)

    /// Until when something has to move.
    var deadline: Instant {
        let bounds = service.bounds
        var deadline = min(
            uplink.watch.deadline(bounds.webSocketPing), downlink.watch.deadline(bounds.webSocketPing))
        if uplink.outlet.isBlocked { deadline = min(deadline, uplink.outlet.stallEnd(bounds.writeStall)) }
        if downlink.outlet.isBlocked { deadline = min(deadline, downlink.outlet.stallEnd(bounds.writeStall)) }
        if let closeStart { deadline = min(deadline, closeStart + Self.answerTime) }
        return deadline
    }

    /// Something has not moved in its time: pings who has been silent, and ends the socket where that has been done.
    func keepTime() throws(WebSocketEnd) {
        let now = EventLoop.now
        let bounds = service.bounds
        if let closeStart, closeStart + Self.answerTime <= now { throw .unanswered }
        if downlink.outlet.isStalled(at: now, bounds.writeStall) { throw .clientStalled }
        if uplink.outlet.isStalled(at: now, bounds.writeStall) { throw .apiStalled }
        // Who is not read, because the other end takes nothing or is told no more, is not silent.
        if uplink.outlet.isBlocked || uplink.isClosed || uplink.isAbandoned { uplink.watch.postpone(at: now) }
        if downlink.outlet.isBlocked || downlink.isClosed { downlink.watch.postpone(at: now) }
        switch uplink.watch.need(at: now, bounds.webSocketPing) {
        case .nothing: break
        case .ping: downlink.ping(for: &uplink.watch)
        case .end: throw .clientSilent
        }
        switch downlink.watch.need(at: now, bounds.webSocketPing) {
        case .nothing: break
        case .ping: uplink.ping(for: &downlink.watch)
        case .end: throw .apiSilent
        }
    }
}
