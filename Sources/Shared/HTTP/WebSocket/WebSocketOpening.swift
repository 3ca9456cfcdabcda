/// A client's opening handshake, checked (RFC 6455 section 4.2.1).
///
/// Its extensions are left aside: none is ever negotiated, so frames mean the same on both sides.
package struct WebSocketOpening: Equatable, Sendable {
    /// Why it is refused.
    package enum Refusal: Error, Equatable, Sendable {
        /// A GET whose fields offer no WebSocket, another method, or HTTP/1.0.
        case noOffer
        /// A version other than 13, or none.
        case unsupportedVersion
        /// No key, more than one, or one that is not the base64 of 16 bytes.
        case invalidKey
        /// A subprotocol that is not a token.
        case invalidSubprotocol
        /// A body: what would follow the head are frames.
        case body
    }

    package let key: WebSocketKey
    /// The subprotocols that it offers, as one list; empty where it offers none.
    package let subprotocols: [UInt8]

    /// - Parameter bytes: those that the head was parsed from.
    package init(_ head: RequestHead, of bytes: Span<UInt8>) throws(Refusal) {
        guard head.offersWebSocket else { throw .noOffer }
        guard head.framing == .none || head.framing == .length(0) else { throw .body }
        var key: WebSocketKey?
        var versions = 0
        var keys = 0
        var subprotocols: [UInt8] = []
        for field in head.fields where field.id == .secWebSocket {
            if bytes.names(field, "sec-websocket-version") {
                versions += 1
                guard bytes.equals("13", in: field.value.bounds) else { throw .unsupportedVersion }
            } else if bytes.names(field, "sec-websocket-key") {
                keys += 1
                key = WebSocketKey(bytes.extracting(field.value))
            } else if bytes.names(field, "sec-websocket-protocol") {
                try Self.add(field, of: bytes, to: &subprotocols)
            }
        }
        guard versions == 1 else { throw .unsupportedVersion }
        guard keys == 1, let key else { throw .invalidKey }
        self.key = key
        self.subprotocols = subprotocols
    }

    private static func add(
        _ field: FieldLine, of bytes: Span<UInt8>, to subprotocols: inout [UInt8]
    ) throws(Refusal) {
        var elements = ListElements(of: field.value)
        while let element = elements.next(in: bytes) {
            guard bytes.endOfToken(in: element) == element.upperBound else { throw .invalidSubprotocol }
            if !subprotocols.isEmpty { subprotocols.append(", ") }
            subprotocols.append(bytes.extracting(element))
        }
    }
}

extension WebSocketOpening.Refusal {
    /// What the client is told. The answer to an unsupported version names the one that is supported.
    package var response: ErrorResponse {
        let (status, message) =
            switch self {
            case .noOffer: (426, "this resource is for WebSocket")
            case .unsupportedVersion: (426, "only version 13 of WebSocket is supported")
            case .invalidKey: (400, "invalid Sec-WebSocket-Key")
            case .invalidSubprotocol: (400, "invalid Sec-WebSocket-Protocol")
            case .body: (400, "WebSocket handshake with a body")
            }
        return ErrorResponse(status: status, type: "invalid_request_error", message: message, closes: true)
    }
}

extension Span<UInt8> {
    /// Whether a field's name is `name`, given in small letters.
    func names(_ field: FieldLine, _ name: StaticString) -> Bool {
        equalsIgnoringCase(name, in: field.name.bounds)
    }
}
