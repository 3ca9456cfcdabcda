internal import OCMEventLoop
internal import OCMHTTP

/// Meters what passes on one WebSocket, and reports it before it goes on.
@EventLoop struct SocketMetering {
    private let service: Service
    /// Generation of the credential that the socket was opened with.
    private let credential: UInt64
    private var meter = WebSocketMeter()
    var handover: UsageHandover
    /// Of all responses so far; the model is the last one's.
    private(set) var total: TokenUsage?
    private(set) var responses: UInt64 = 0

    /// - Parameter handover: that of the exchange that opened the socket.
    init(service: Service, credential: UInt64, handover: UsageHandover) {
        self.service = service
        self.credential = credential
        self.handover = handover
    }

    /// See ``WebSocketMeter/isResponding``.
    var isResponding: Bool { meter.isResponding }

    /// Looks at a part of a message before it goes on, and before it is masked again.
    @inline(__always) mutating func scan(
        _ part: WebSocketFramePart, of bytes: Span<UInt8>, from sender: WebSocketSender
    ) {
        switch sender {
        case .client: meter.scanClient(part, of: bytes)
        case .server: if let finding = meter.scanServer(part, of: bytes) { take(finding) }
        }
    }

    @inline(never) private mutating func take(_ finding: ServerMessageMeter.Finding) {
        switch finding {
        case .limits(let limits):
            if let week = service.limits.take(limits, generation: credential) { handover.weekStart = week }
        case .usage(let usage):
            // The meter has put in what was asked for, where the answer names no model.
            handover.report(usage, asked: usage.model)
            responses += 1
            if total?.add(usage) == nil { total = usage }
        }
    }
}

extension TokenUsage {
    fileprivate mutating func add(_ other: TokenUsage) {
        model = other.model
        inputTokens &+= other.inputTokens
        cachedTokens &+= other.cachedTokens
        outputTokens &+= other.outputTokens
    }
}
