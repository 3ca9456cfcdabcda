/// Why a connection fails (RFC 6455 section 7.1.7). Each case is one rule, with the section that gives it.
package enum WebSocketError: Error, Equatable, Sendable {
    /// A reserved bit is set, and no extension is in use that could mean something by it (5.2).
    case reservedBits
    /// An opcode that is not defined (5.2).
    case unknownOpcode
    /// A client's frame without a mask (5.1).
    case unmaskedFrame
    /// A server's frame with a mask (5.1).
    case maskedFrame
    /// A payload length that a shorter form could state (5.2).
    case overlongLength
    /// A payload length of 2^63 or more (5.2).
    case lengthOverflow
    /// A fragment of a control frame (5.5).
    case fragmentedControlFrame
    /// A control frame with more than 125 bytes of payload (5.5).
    case controlFrameTooLong
    /// A continuation frame, and no message to continue (5.4).
    case unexpectedContinuation
    /// A new message before the last fragment of the one before (5.4).
    case interruptedMessage
    /// A text message that is not UTF-8 (8.1).
    case invalidText
    /// A close frame of one byte (5.5.1).
    case truncatedCloseCode
    /// A close code that must not be sent (7.4).
    case invalidCloseCode
    /// A close reason that is not UTF-8 (5.5.1).
    case invalidCloseReason
    /// A message of more than so many bytes (10.4).
    case messageTooLarge(limit: UInt64)

    /// What the sender is told.
    package var closeCode: WebSocketCloseCode {
        switch self {
        case .invalidText, .invalidCloseReason: .invalidPayload
        case .messageTooLarge: .messageTooBig
        default: .protocolError
        }
    }
}

extension WebSocketError: CustomStringConvertible {
    /// What is wrong, for the close reason and the log: it never repeats a byte of the message.
    package var description: String {
        switch self {
        case .reservedBits: "reserved bits in a frame"
        case .unknownOpcode: "unknown opcode"
        case .unmaskedFrame: "frame without mask"
        case .maskedFrame: "frame with mask"
        case .overlongLength: "payload length not in its shortest form"
        case .lengthOverflow: "payload length out of range"
        case .fragmentedControlFrame: "fragmented control frame"
        case .controlFrameTooLong: "control frame larger than 125 bytes"
        case .unexpectedContinuation: "continuation frame without a message"
        case .interruptedMessage: "new message before the end of the last one"
        case .invalidText: "text is not UTF-8"
        case .truncatedCloseCode: "truncated close code"
        case .invalidCloseCode: "invalid close code"
        case .invalidCloseReason: "close reason is not UTF-8"
        case .messageTooLarge(let limit): "message larger than \(limit) bytes"
        }
    }
}
