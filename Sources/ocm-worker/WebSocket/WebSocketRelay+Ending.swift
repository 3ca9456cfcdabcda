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
        let start = EventLoop.now
        let clientTime = end == .revoked ? Self.revokedTime : Self.clientTime
        while client.isOpen || api.isOpen {
            let isClientBusy = settle(client, isFlushed: (try? downlink.flush(isHeld: false)) ?? true) {
                uplink.findClose(in: &$0)
            }
            let isBusy = settle(api, isFlushed: (try? uplink.flush()) ?? true) { downlink.findClose(in: &$0) }
            let deadline = start + (client.isOpen ? clientTime : Self.apiTime)
            if isClientBusy || isBusy { await EventLoop.yield() }
            if EventLoop.now >= deadline { break }
            if isClientBusy || isBusy { continue }
            do throws(WaitError) { try await wakeup.wait(until: deadline) } catch { break }
        }
        closeNow(client, isWhole: !downlink.outlet.isBlocked)
        closeNow(api, isWhole: !uplink.outlet.isBlocked)
    }

    /// Closes what there is nobody at, and what can't be told inside a frame.
    private func closeAtOnce() {
        switch end {
        case .closed: closeNow(client, isWhole: true)
        case .clientGone, .clientStalled, .clientSilent: closeNow(client, isWhole: false)
        default: if end.notices.client != nil, !downlink.isClosed { closeNow(client, isWhole: false) }
        }
        // A server closes first (RFC 6455 section 7.1.1), but only one that knows of it.
        if !uplink.isClosed || end.leavesAPI { closeNow(api, isWhole: !uplink.isInsideFrame) }
    }

    private func closeNow(_ transport: Transport, isWhole: Bool) {
        guard transport.isOpen else { return }
        if isWhole { transport.close() } else { transport.closeWithReset() }
    }

    /// When all is written, says so; of what still comes only an answering close frame is of interest.
    ///
    /// - Returns: whether there may be more to read.
    private func settle(
        _ transport: Transport, isFlushed: Bool, closesIn: (inout MutableSpan<UInt8>) -> Bool
    ) -> Bool {
        guard transport.isOpen else { return false }
        if isFlushed { transport.shutdownSending() }
        do throws(TransportError) {
            switch unsafe try transport.read(into: ReadBuffer.shared.space) {
            case .bytes(let count):
                guard ReadBuffer.shared.withMutableBytes(count, closesIn), isFlushed else { return true }
                transport.close()
            case .wouldBlock: return false
            case .end: transport.close()
            }
        } catch {
            transport.close()
        }
        return false
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
