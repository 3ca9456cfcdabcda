extension ConfigurationDecoder {
    private static let bytes = 1...(1 << 40)
    private static let counts = 1...1_000_000

    func limits(_ value: SourceValue) -> Configuration.Limits? {
        Fields.read(value, diagnostics, as: "limits") { fields in
            var limits = Configuration.Limits()
            fields.takeLimit("head_bytes", 1024...(16 << 20), unit: " of bytes", into: &limits.headBytes)
            fields.takeLimit("head_fields", 16...10_000, into: &limits.headFields)
            fields.takeLimit("body_bytes", Self.bytes, unit: " of bytes", into: &limits.bodyBytes)
            limits.replayBody = fields.take("replay_body", .bytesOrNone(Self.bytes)) ?? limits.replayBody
            fields.takeLimit("buffers", (1 << 20)...(1 << 40), unit: " of bytes", into: &limits.buffers)
            if let connections = fields.take("connections", .limit(Self.counts)) {
                limits.connections = connections == 0 ? .unlimited : .atMost(connections)
            }
            fields.takeLimit("connections_per_address", Self.counts, into: &limits.connectionsPerAddress)
            fields.takeLimit("requests_per_user", Self.counts, into: &limits.requestsPerUser)
            fields.takeLimit("websockets_per_user", Self.counts, into: &limits.websocketsPerUser)
            fields.takeLimit("websocket_message", Self.bytes, unit: " of bytes", into: &limits.websocketMessage)
            fields.takeLimit("h2_streams", Self.counts, into: &limits.h2Streams)
            fields.takeLimit("memory", (128 << 20)...(1 << 40), unit: " of bytes", into: &limits.memory)
            return limits
        }
    }

    func timeouts(_ value: SourceValue) -> Configuration.Timeouts? {
        Fields.read(value, diagnostics, as: "timeouts") { fields in
            var timeouts = Configuration.Timeouts()
            fields.takeTimeout("head", into: &timeouts.head)
            fields.takeTimeout("idle", into: &timeouts.idle)
            fields.takeTimeout("body_stall", into: &timeouts.bodyStall)
            fields.takeTimeout("write_stall", into: &timeouts.writeStall)
            fields.takeTimeout("handshake", into: &timeouts.handshake)
            fields.takeTimeout("upstream_connect", into: &timeouts.upstreamConnect)
            fields.takeTimeout("upstream_silence", into: &timeouts.upstreamSilence)
            fields.takeTimeout("websocket_ping", into: &timeouts.websocketPing)
            return timeouts
        }
    }
}

extension Fields {
    /// Keeps what is in `limit` where the field is left out; 0 switches the limit off.
    fileprivate mutating func takeLimit(
        _ name: String, _ range: ClosedRange<Int>, unit: String = "", into limit: inout Int?
    ) {
        guard let number = take(name, .limit(range, unit: unit)) else { return }
        limit = number == 0 ? nil : number
    }

    fileprivate mutating func takeTimeout(_ name: String, into timeout: inout Duration?) {
        guard let duration = take(name, .duration) else { return }
        timeout = duration == .zero ? nil : duration
    }
}

extension Form where Value == Int {
    fileprivate static func bytesOrNone(_ range: ClosedRange<Int>) -> Form {
        .integer(0...range.upperBound)
    }
}
