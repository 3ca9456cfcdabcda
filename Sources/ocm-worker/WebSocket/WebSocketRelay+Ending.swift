internal import Logging
internal import OCMEventLoop
internal import OCMTLS

extension WebSocketRelay {
    /// How long an end that was told may take to read that and to close, the client and the API.
    private static let clientTime = Duration.seconds(5)
    private static let apiTime = Duration.seconds(1)
    /// The same, for a client that is not to have this connection any more.
    private static let revokedTime = Duration.milliseconds(500)

    /// Tells both ends what they are to be told, and closes their connections when they have had time to read it: one
    /// that is closed with unread bytes is reset, and what was written last may be lost.
    func close() async {
        let notices = end.notices
        if let notice = notices.client { downlink.close(notice) }
        if let notice = notices.api { uplink.close(notice) }
        closeAtOnce()
        var clientEnd = LeavingEnd(client)
        var apiEnd = LeavingEnd(api)
        let start = EventLoop.now
        while true {
            if client.isOpen {
                clientEnd.settle(isFlushed: downlink.flush() || downlink.isAbandoned) { uplink.findClose(in: &$0) }
            }
            if api.isOpen {
                apiEnd.settle(isFlushed: uplink.flush() || uplink.isAbandoned) { downlink.findClose(in: &$0) }
            }
            guard client.isOpen || api.isOpen else { return }
            let deadline = start + timeToLeave
            if clientEnd.isBusy || apiEnd.isBusy { await EventLoop.yield() }
            if EventLoop.now >= deadline || isCut { break }
            if clientEnd.isBusy || apiEnd.isBusy { continue }
            _ = await wakeup.isSignalled(by: deadline)
        }
        closeNow(client, isWhole: !downlink.outlet.isBlocked)
        closeNow(api, isWhole: !uplink.outlet.isBlocked)
    }

    private var timeToLeave: Duration {
        guard client.isOpen else { return Self.apiTime }
        return end == .revoked ? Self.revokedTime : Self.clientTime
    }

    /// Closes what there is nobody at, and what can't be told inside a frame.
    private func closeAtOnce() {
        switch end {
        // One whose answer to the close nobody could take is still to be read.
        case .closed where !uplink.isAbandoned: closeNow(client, isWhole: true)
        case .clientGone, .clientStalled, .clientSilent: closeNow(client, isWhole: false)
        default: if end.notices.client != nil, !downlink.isClosed { closeNow(client, isWhole: false) }
        }
        // A server closes first (RFC 6455 section 7.1.1), but only one that knows of it.
        if !uplink.isClosed || uplink.isAbandoned || end.leavesAPI { closeNow(api, isWhole: !uplink.isInsideFrame) }
    }

    private func closeNow(_ transport: Transport, isWhole: Bool) {
        guard transport.isOpen else { return }
        if isWhole { transport.close() } else { transport.closeWithReset() }
    }

    /// What the operator should know.
    func log() {
        switch end {
        case .apiGone where metering.isResponding:
            service.logger.warning(
                "the API failed", metadata: service.facts(of: origin?.trace, "the WebSocket was cut off"))
        case .apiViolation(let error):
            service.logger.warning(
                "the API's answer is malformed", metadata: service.facts(of: origin?.trace, "\(error)"))
        case .apiSilent, .apiStalled:
            service.logger.warning("the API is silent", metadata: service.facts(of: origin?.trace))
        default: break
        }
    }
}
