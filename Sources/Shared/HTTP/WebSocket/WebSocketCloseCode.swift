/// Why a connection is closed (RFC 6455 section 7.4, and the registry that it founded).
package struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let normal = WebSocketCloseCode(rawValue: 1000)
    package static let goingAway = WebSocketCloseCode(rawValue: 1001)
    package static let protocolError = WebSocketCloseCode(rawValue: 1002)
    package static let invalidPayload = WebSocketCloseCode(rawValue: 1007)
    package static let policyViolation = WebSocketCloseCode(rawValue: 1008)
    package static let messageTooBig = WebSocketCloseCode(rawValue: 1009)
    package static let internalError = WebSocketCloseCode(rawValue: 1011)
    package static let serviceRestart = WebSocketCloseCode(rawValue: 1012)

    /// Whether a close frame may carry it: a registered one that is not for use inside an endpoint only (1005, 1006 and
    /// 1015), or one of the ranges for libraries and applications.
    package var isForWire: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    /// The code of a close frame's payload; nil where the payload is empty (section 5.5.1).
    package static func read(_ payload: Span<UInt8>) throws(WebSocketError) -> WebSocketCloseCode? {
        if payload.isEmpty { return nil }
        guard payload.count >= 2 else { throw .truncatedCloseCode }
        let code = WebSocketCloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.isForWire else { throw .invalidCloseCode }
        var reason = UTF8Check()
        guard reason.take(payload.extracting(2..<payload.count)), reason.isBetweenCharacters else {
            throw .invalidCloseReason
        }
        return code
    }
}
