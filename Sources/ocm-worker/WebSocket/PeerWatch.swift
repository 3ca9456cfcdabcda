internal import OCMEventLoop
internal import OCMHTTP

/// Watches whether one end of a WebSocket is still there: any byte of it says so, and where none comes, it is pinged.
struct PeerWatch {
    private var lastHeard: Instant
    private var pinged: Instant?
    private var liveness = WebSocketLiveness()

    enum Need {
        case nothing
        case ping
        /// It was pinged, and has said nothing since.
        case end
    }

    init(from start: Instant) {
        lastHeard = start
    }

    mutating func hear(at now: Instant) {
        lastHeard = now
        pinged = nil
    }

    /// It can't be asked now, or not heard: its time begins anew.
    mutating func postpone(at now: Instant) {
        hear(at: now)
    }

    /// Appends a ping to it.
    mutating func ping(at now: Instant, key: MaskingKey?, into output: inout [UInt8]) {
        pinged = now
        liveness.ping(key: key, into: &output)
    }

    /// Whether a pong answers one of these pings, and is not for the other end.
    mutating func takesPong(_ payload: Span<UInt8>) -> Bool { liveness.takesPong(payload) }

    /// When something has to be done if nothing is heard.
    ///
    /// - Parameter patience: nanoseconds, those of `timeouts.websocket_ping`.
    func deadline(_ patience: UInt64) -> Instant {
        (pinged ?? lastHeard).after(nanoseconds: patience)
    }

    func need(at now: Instant, _ patience: UInt64) -> Need {
        guard deadline(patience) <= now else { return .nothing }
        return pinged == nil ? .ping : .end
    }
}
