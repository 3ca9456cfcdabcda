/// A server's answer to an opening handshake of ours, checked (RFC 6455 section 4.1).
package struct WebSocketAcceptance: Equatable, Sendable {
    /// Why a 101 is no such answer.
    package enum Fault: Error, Equatable, Sendable {
        /// HTTP/1.0, or no `Upgrade: websocket`, or no `Connection: Upgrade`.
        case noUpgrade
        /// Sec-WebSocket-Accept is missing, repeated, or not the one that belongs to the key.
        case wrongAccept
        /// An extension, though none was offered.
        case negotiatedExtension
        /// A subprotocol that was not offered, or more than one.
        case wrongSubprotocol
    }

    /// Where the subprotocol stands that the server has chosen; nil where it has chosen none.
    package let subprotocol: ByteRange?

    /// - Parameters:
    ///   - head: of an answer with status 101.
    ///   - bytes: those that the head was parsed from.
    ///   - key: of our handshake.
    ///   - subprotocols: that were offered, as in ``WebSocketOpening/subprotocols``.
    package init(
        _ head: ResponseHead, of bytes: Span<UInt8>, key: WebSocketKey, subprotocols: [UInt8]
    ) throws(Fault) {
        var upgrades = false
        var connects = false
        var accepts = 0
        var isExpected = false
        var chosen: ByteRange?
        for field in head.fields {
            switch field.id {
            case .upgrade: upgrades = upgrades || field.lists("websocket", in: bytes)
            case .connection: connects = connects || field.lists("upgrade", in: bytes)
            case .secWebSocket where bytes.names(field, "sec-websocket-accept"):
                accepts += 1
                isExpected = bytes.extracting(field.value).isSame(key.accept.span)
            case .secWebSocket where bytes.names(field, "sec-websocket-extensions"):
                guard field.value.isEmpty else { throw .negotiatedExtension }
            case .secWebSocket where bytes.names(field, "sec-websocket-protocol"):
                guard chosen == nil, subprotocols.offers(bytes.extracting(field.value)) else {
                    throw .wrongSubprotocol
                }
                chosen = field.value
            default: break
            }
        }
        guard head.version == .http11, upgrades, connects else { throw .noUpgrade }
        guard accepts == 1, isExpected else { throw .wrongAccept }
        subprotocol = chosen
    }
}

extension WebSocketAcceptance.Fault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noUpgrade: "101 without an upgrade to WebSocket"
        case .wrongAccept: "wrong Sec-WebSocket-Accept"
        case .negotiatedExtension: "a WebSocket extension that was not offered"
        case .wrongSubprotocol: "a WebSocket subprotocol that was not offered"
        }
    }
}

extension FieldLine {
    /// Whether `name`, given in small letters, is an element of the list that the value is.
    fileprivate func lists(_ name: StaticString, in bytes: Span<UInt8>) -> Bool {
        var elements = ListElements(of: value)
        while let element = elements.next(in: bytes) {
            if bytes.equalsIgnoringCase(name, in: element) { return true }
        }
        return false
    }
}

extension Span<UInt8> {
    /// Whether the two are the same to the byte.
    fileprivate func isSame(_ other: Span<UInt8>) -> Bool {
        count == other.count && indices.allSatisfy { self[$0] == other[$0] }
    }
}

extension [UInt8] {
    /// Whether these, a list of subprotocols, have that one among them; case counts.
    fileprivate func offers(_ subprotocol: Span<UInt8>) -> Bool {
        var elements = ListElements(of: ByteRange(0..<count))
        while let element = elements.next(in: span) {
            if span.extracting(element).isSame(subprotocol) { return true }
        }
        return false
    }
}
