/// Takes the frames of one direction apart (RFC 6455 section 5), from bytes that come in pieces split anywhere, unmasks
/// them where they stand, and checks them.
///
/// ```
/// var position = 0
/// reading: while true {
///     switch try reader.next(in: &bytes, at: &position) {
///     case .data(let part): …
///     case .control(let frame): …
///     case .starved: break reading
///     }
/// }
/// ```
/// It collects no message: a part is given out as it comes, a control frame when it is complete. Of a head nothing is
/// given out before it is complete, so whatever is forwarded ends in a payload or between two frames.
package struct WebSocketFrameReader: Sendable {
    package enum Piece: Sendable {
        /// Of a text or binary message. ``WebSocketFrameReader/head`` is its frame's.
        case data(WebSocketFramePart)
        /// To be read in ``WebSocketFrameReader/payload(of:in:)``.
        case control(WebSocketControlFrame)
        /// The bytes are used up.
        case starved
    }

    private enum State: Sendable {
        case head
        case data
        case control
        /// Behind a close frame, or a violation: whatever follows is passed over (section 5.5.1).
        case closed
    }

    private enum Message: Sendable {
        case none, text, binary
    }

    private let sender: WebSocketSender
    private let limit: UInt64
    private var state = State.head
    /// Of the frame that was begun last.
    package private(set) var head = WebSocketFrameHead(.continuation, payloadLength: 0)
    /// Bytes of its payload that are still to come.
    private var remaining: UInt64 = 0
    private var message = Message.none
    /// Bytes of its frames so far, what is still to come of the last one among them.
    private var messageSize: UInt64 = 0
    private var text = UTF8Check()
    private var heldHead = HeldHead()
    /// Of a control frame that more than one read brings; else empty.
    private var heldPayload: [UInt8] = []

    /// - Parameter limit: how many bytes a message may have.
    package init(from sender: WebSocketSender, limit: UInt64 = .max) {
        self.sender = sender
        self.limit = limit
    }

    /// Whether what has been given out ends with a whole frame.
    package var isBetweenFrames: Bool { state != .data }
    /// Whether what has been given out ends with a whole message, control frames left aside.
    package var isBetweenMessages: Bool { state != .data && message == .none }
    /// Whether no message has begun, not even by the first byte of its first frame's head.
    package var isAtRest: Bool { message == .none && heldHead.isEmpty && (state == .head || state == .closed) }
    /// Whether a close frame was given out, or an error thrown: nothing more will be.
    package var isClosed: Bool { state == .closed }

    /// Reads on at `position`, and moves it behind what is returned. The payload is unmasked in `bytes`.
    ///
    /// - Throws: the rule that the next byte breaks; what came before it has been given out. Text is refused at the first
    ///   byte that can't be UTF-8, a message that is too large with the head of the frame that makes it so.
    package mutating func next(
        in bytes: inout MutableSpan<UInt8>, at position: inout Int
    ) throws(WebSocketError) -> Piece {
        do throws(WebSocketError) {
            guard position < bytes.count else { return .starved }
            switch state {
            case .head: return try beginFrame(&bytes, &position)
            case .data: return try takeData(&bytes, &position, [], from: position)
            case .control: return try holdPayload(&bytes, &position)
            case .closed:
                position = bytes.count
                return .starved
            }
        } catch {
            state = .closed
            throw error
        }
    }

    /// The payload of the control frame that ``next(in:at:)`` has just returned, in the bytes in which it ended.
    ///
    /// Mutating only in form: read through a copyable value that lies in another one, it would copy the reader first.
    @_lifetime(&self, copy bytes)
    package mutating func payload(of frame: WebSocketControlFrame, in bytes: Span<UInt8>) -> Span<UInt8> {
        frame.start < 0 ? heldPayload.span : bytes.extracting(frame.payload)
    }

    // MARK: Heads

    @inline(__always)
    private mutating func beginFrame(
        _ bytes: inout MutableSpan<UInt8>, _ position: inout Int
    ) throws(WebSocketError) -> Piece {
        let start = position
        var bounds: WebSocketFramePart.Bounds = .frameStart
        if heldHead.isEmpty, let head = try WebSocketFrameHead(bytes.span, at: start, from: sender) {
            self.head = head
            position &+= head.byteCount
        } else {
            guard let head = try heldHead.complete(with: bytes.span, at: &position, from: sender) else {
                return .starved
            }
            self.head = head
            bounds.insert(.splitHead)
        }
        remaining = head.payloadLength
        if head.opcode.isControl {
            heldPayload = []
            return try takeControl(&bytes, &position, from: bounds.contains(.splitHead) ? nil : start)
        }
        if try admitFragment() { bounds.insert(.messageStart) }
        return try takeData(&bytes, &position, bounds, from: bounds.contains(.splitHead) ? position : start)
    }

    /// Whether the frame begins a message (section 5.4).
    @inline(__always)
    private mutating func admitFragment() throws(WebSocketError) -> Bool {
        let startsMessage = head.opcode != .continuation
        if startsMessage {
            guard message == .none else { throw .interruptedMessage }
            message = head.opcode == .text ? .text : .binary
            messageSize = 0
        } else {
            guard message != .none else { throw .unexpectedContinuation }
        }
        // An empty fragment counts as one byte: no message goes on for ever.
        let size = startsMessage ? head.payloadLength : max(head.payloadLength, 1)
        guard size <= limit &- messageSize else { throw .messageTooLarge(limit: limit) }
        messageSize &+= size
        return startsMessage
    }

    // MARK: Payloads

    @inline(__always)
    private mutating func takeData(
        _ bytes: inout MutableSpan<UInt8>, _ position: inout Int, _ start: WebSocketFramePart.Bounds,
        from frameStart: Int
    ) throws(WebSocketError) -> Piece {
        let count = Int(truncatingIfNeeded: min(remaining, UInt64(truncatingIfNeeded: bytes.count &- position)))
        let range = position..<(position &+ count)
        // Mostly one pass unmasks the payload and finds nothing to check.
        let isASCII =
            if let key = head.maskingKey {
                key.apply(to: &bytes, in: range, offset: head.payloadLength &- remaining)
            } else {
                message != .text || bytes.span.isASCII(in: range)
            }
        position = range.upperBound
        remaining &-= UInt64(truncatingIfNeeded: count)
        let endsMessage = remaining == 0 && head.isFinal
        if message == .text {
            let isKnownGood = isASCII && text.isBetweenCharacters
            guard isKnownGood || text.take(bytes.span.extracting(range)) else { throw .invalidText }
            guard !endsMessage || text.isBetweenCharacters else { throw .invalidText }
        }
        state = remaining == 0 ? .head : .data
        var bounds = start
        if remaining == 0 { bounds.insert(.frameEnd) }
        if endsMessage {
            bounds.insert(.messageEnd)
            message = .none
        }
        return .data(WebSocketFramePart(bounds: bounds, start: frameStart, payload: range))
    }

    /// - Parameter start: where the frame begins in these bytes, if it does.
    private mutating func takeControl(
        _ bytes: inout MutableSpan<UInt8>, _ position: inout Int, from start: Int?
    ) throws(WebSocketError) -> Piece {
        let count = Int(truncatingIfNeeded: remaining)
        guard let start, bytes.count &- position >= count else {
            state = .control
            return try holdPayload(&bytes, &position)
        }
        let range = position..<(position &+ count)
        head.maskingKey?.apply(to: &bytes, in: range)
        position = range.upperBound
        let code = try closeCode(of: bytes.span.extracting(range))
        state = head.opcode == .close ? .closed : .head
        return .control(
            WebSocketControlFrame(
                opcode: head.opcode, closeCode: code, start: start, payload: range))
    }

    private mutating func holdPayload(
        _ bytes: inout MutableSpan<UInt8>, _ position: inout Int
    ) throws(WebSocketError) -> Piece {
        let count = min(Int(truncatingIfNeeded: remaining), bytes.count &- position)
        heldPayload.append(bytes.span.extracting(position..<(position &+ count)))
        position &+= count
        remaining &-= UInt64(truncatingIfNeeded: count)
        guard remaining == 0 else { return .starved }
        if let key = head.maskingKey {
            var payload = heldPayload.mutableSpan
            key.apply(to: &payload, in: 0..<payload.count)
        }
        let code = try closeCode(of: heldPayload.span)
        state = head.opcode == .close ? .closed : .head
        return .control(WebSocketControlFrame(opcode: head.opcode, closeCode: code, start: -1, payload: 0..<0))
    }

    /// The code, where the frame is a close frame and has one.
    private func closeCode(of payload: Span<UInt8>) throws(WebSocketError) -> WebSocketCloseCode? {
        head.opcode == .close ? try WebSocketCloseCode.read(payload) : nil
    }
}
