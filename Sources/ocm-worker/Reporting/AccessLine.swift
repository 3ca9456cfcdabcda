internal import Logging
internal import OCMEventLoop
internal import OCMHTTP
internal import OCMLogging

/// What the log says of one request. There is no token in it, and no query.
@EventLoop struct AccessLine {
    var service: String
    /// Empty where nobody is known.
    var user = ""
    /// Where the client is.
    var address: String
    /// Nil where the head could not be read.
    var trace: RequestTrace?
    /// Of what the client got; 0 where it got nothing.
    var status = 0
    /// With heads and framing.
    var bytesIn: UInt64 = 0
    var bytesOut: UInt64 = 0
    /// When the answer's head came.
    var firstByte: Instant?
    /// The response's, else the one that was asked for.
    var model = ""
    var usage: TokenUsage?
    /// On a WebSocket, how many were counted.
    var responses: UInt64?
    /// There was a usage, which could not be read.
    var isUncounted = false
    /// What the API calls the request.
    var apiRequest = BoundedText()
    /// Why it did not come to its end.
    var reason: StaticString?

    func write(to writer: inout LogRecordWriter) {
        writer.begin(.info, "request")
        if !user.isEmpty { writer.field("user", user) }
        if let trace {
            writer.field("method", trace.method.name)
            writer.field("path", trace.path.bytes)
        }
        if status > 0 { writer.field("status", UInt64(status)) }
        writer.field("bytes_in", bytesIn)
        writer.field("bytes_out", bytesOut)
        if let trace {
            if let firstByte { writer.field("first_byte_ms", Self.milliseconds(from: trace.start, to: firstByte)) }
            writer.field("total_ms", Self.milliseconds(from: trace.start, to: EventLoop.now))
        }
        if !model.isEmpty { writer.field("model", model) }
        if let responses { writer.field("responses", responses) }
        if let usage {
            writer.field("input_tokens", usage.inputTokens)
            writer.field("cached_tokens", usage.cachedTokens)
            writer.field("output_tokens", usage.outputTokens)
        }
        if isUncounted { writer.field("usage", "uncounted") }
        if let reason { writer.field("reason", reason) }
        writer.field("address", address)
        writer.field("service", service)
        if let trace { writer.field("request_id", hexadecimal: trace.number) }
        if apiRequest.count > 0 { writer.field("api_request_id", apiRequest.bytes) }
        writer.field("worker", AccessLog.worker)
        writer.end()
    }

    private static func milliseconds(from start: Instant, to end: Instant) -> UInt64 {
        (end.nanoseconds - min(start.nanoseconds, end.nanoseconds)) / 1_000_000
    }
}

extension AccessLine {
    init(_ exchange: Exchange) {
        self.init(service: exchange.service.tag, address: exchange.address)
        trace = exchange.trace
        user = exchange.request.user?.name ?? ""
        status = exchange.downlink.hasAnswered ? exchange.downlink.status : exchange.ownAnswer?.status ?? 0
        bytesIn = UInt64(trace?.headBytes ?? 0) + exchange.uplink.received
        bytesOut = exchange.downlink.outlet.taken + UInt64(exchange.ownAnswer?.count ?? 0)
        firstByte = exchange.downlink.firstByte
        usage = exchange.downlink.metering.usage
        isUncounted = exchange.downlink.metering.isUnreadable
        model = usage.map(\.model).flatMap { $0.isEmpty ? nil : $0 } ?? exchange.uplink.model
        apiRequest = exchange.downlink.requestID
        if let failure = exchange.failure, !(failure.isClients && usage != nil) { reason = failure.word }
    }
}

extension AccessLine {
    /// A WebSocket, at its end.
    init(_ relay: WebSocketRelay) {
        self.init(service: relay.service.tag, address: relay.address)
        trace = relay.origin?.trace
        user = relay.user?.name ?? ""
        status = 101
        bytesIn = UInt64(trace?.headBytes ?? 0) + relay.uplink.received
        bytesOut = relay.downlink.outlet.taken
        firstByte = relay.origin?.opened
        usage = relay.metering.total
        responses = relay.metering.responses
        model = usage?.model ?? ""
        apiRequest = relay.origin?.apiRequestID ?? BoundedText()
        reason = relay.end.word
    }
}

extension AccessLine {
    /// A request that was refused, by its head or before there was one.
    init(_ refusal: RequestIntake.Refusal, on connection: ClientConnection, sent: Int) {
        self.init(service: connection.service.tag, address: connection.address)
        trace = refusal.trace
        user = refusal.user?.name ?? ""
        status = sent > 0 ? refusal.response.status : 0
        bytesIn = UInt64(trace?.headBytes ?? 0)
        bytesOut = UInt64(sent)
        reason = sent > 0 ? nil : "client_gone"
    }
}

extension ExchangeError {
    /// The client has ended it: as clients do once they have what they waited for.
    fileprivate var isClients: Bool {
        if case .clientGone = self { true } else { false }
    }

    /// Nil where the answer says all.
    fileprivate var word: StaticString? {
        switch self {
        case .clientGone: "client_gone"
        case .malformedRequest: "malformed_request"
        case .bodyStalled: "body_stalled"
        case .clientStalled: "client_stalled"
        case .upstreamFailed: "api_failed"
        case .malformedResponse: "malformed_response"
        case .upstreamSilent: "api_silent"
        case .refused: nil
        case .cancelled: "drained"
        case .revoked: "user_revoked"
        }
    }
}
