/// Pings of our own to one peer, and the pongs that answer them (RFC 6455 sections 5.5.2 and 5.5.3).
///
/// Pings and pongs of the two ends pass between them; these are told apart by their payload. Of several pings a peer may
/// answer the last one only, which may be the other end's: any byte from the peer proves that it is there.
package struct WebSocketLiveness: Sendable {
    /// Bytes of the payload: the token, and a number.
    package static let payloadCount = 12

    private let token: UInt64
    private var sent: UInt32 = 0
    /// Whether the last ping has been answered, or none was sent.
    package private(set) var isAnswered = true

    /// - Parameter token: one that nobody else foresees: who knew it could have pongs of the other end swallowed.
    package init(token: UInt64 = .random(in: .min ... .max)) {
        self.token = token
    }

    /// Appends the next ping.
    package mutating func ping(key: MaskingKey?, into output: inout [UInt8]) {
        sent &+= 1
        isAnswered = false
        var payload: [UInt8] = []
        payload.append(bigEndian: token, count: 8)
        payload.append(bigEndian: UInt64(sent), count: 4)
        WebSocketFrameWriter.frame(.ping, payload.span, key: key, into: &output)
    }

    /// Whether a pong answers one of these pings, and is not for the other end.
    package mutating func takesPong(_ payload: Span<UInt8>) -> Bool {
        guard payload.count == Self.payloadCount, payload.eightBytes(at: 0).byteSwapped == token else { return false }
        if payload.fourBytes(at: 8).byteSwapped == sent { isAnswered = true }
        return true
    }
}
