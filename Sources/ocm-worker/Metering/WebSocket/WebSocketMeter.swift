internal import OCMHTTP

/// Meters what passes on one WebSocket, in both directions, and knows whether a response is under way.
///
/// Messages are read whether they call themselves text or binary: no way of writing leads around the meter.
struct WebSocketMeter: Sendable {
    private var client = ClientMessageMeter()
    private var server = ServerMessageMeter()
    private var isClientSpeaking = false
    private var isServerSpeaking = false
    /// Requests whose response has not ended.
    private var unanswered = 0

    /// Whether a response is under way, from the first byte of what asks for it to the last byte of its last event, or
    /// another message is.
    var isResponding: Bool { unanswered > 0 || isClientSpeaking || isServerSpeaking }

    /// Looks at a part of the client's message before it is masked again.
    mutating func scanClient(_ part: WebSocketFramePart, of bytes: Span<UInt8>) {
        isClientSpeaking = !part.endsMessage
        client.scan(bytes.extracting(part.payload))
        if part.endsMessage, client.endMessage() { unanswered &+= 1 }
    }

    /// Looks at a part of the API's message.
    ///
    /// - Returns: what is to be reported before the part is forwarded. A usage has the request's model where the response
    ///   names none.
    mutating func scanServer(_ part: WebSocketFramePart, of bytes: Span<UInt8>) -> ServerMessageMeter.Finding? {
        isServerSpeaking = !part.endsMessage
        let finding = server.scan(bytes.extracting(part.payload))
        if part.endsMessage { endServerMessage() }
        guard let finding else { return nil }
        return named(finding)
    }

    private func named(_ finding: ServerMessageMeter.Finding) -> ServerMessageMeter.Finding {
        guard case .usage(var usage) = finding, usage.model.isEmpty else { return finding }
        usage.model = client.model
        return .usage(usage)
    }

    private mutating func endServerMessage() {
        switch server.endMessage() {
        case .ending, .error: unanswered = max(0, unanswered - 1)
        // A response that nothing seen has asked for is one, too.
        case .progress: unanswered = max(1, unanswered)
        case .rateLimits, .other, nil: break
        }
    }
}
