internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

/// The frames of one end of a WebSocket on their way to the other: those of the API as they are, those of a client under
/// masks of our own.
@EventLoop struct SocketDirection {
    private let sender: WebSocketSender
    private let source: Transport
    private let target: Transport
    private var reader: WebSocketFrameReader
    private var forwarding = WebSocketForwarding()
    private var pace = ReadPace()
    private(set) var outlet: Outlet
    /// What was given to the target ends inside a frame.
    private(set) var isInsideFrame = false
    /// A close frame was the last that the target gets.
    private(set) var isClosed = false
    /// The target's connection takes no more. What it has said before may still be there to be read.
    private(set) var isAbandoned = false
    /// Bytes that have come.
    private(set) var received: UInt64 = 0
    /// Whether the source is there.
    var watch: PeerWatch

    /// - Parameters:
    ///   - limit: of a message, in bytes.
    ///   - outlet: in which there may be something that goes before all frames.
    init(
        of sender: WebSocketSender, from source: Transport, to target: Transport, limit: UInt64,
        outlet: Outlet = Outlet()
    ) {
        self.sender = sender
        self.source = source
        self.target = target
        self.outlet = outlet
        reader = WebSocketFrameReader(from: sender, limit: limit)
        watch = PeerWatch(from: EventLoop.now)
    }

    /// The source has begun nothing that is not complete.
    var isAtRest: Bool { reader.isAtRest }

    /// Moves what can be moved now.
    ///
    /// - Returns: true where much was, and others should have their turn.
    mutating func pump(_ metering: inout SocketMetering, _ budget: BufferBudget) throws(WebSocketEnd) -> Bool {
        pace.begin()
        while true {
            guard !isAbandoned, flush(isHeld: isHeld(by: metering)), !isClosed else { return false }
            if pace.isOver { return true }
            let outcome: ReadOutcome
            do throws(TransportError) {
                outcome = unsafe try source.read(into: ReadBuffer.shared.space(atMost: pace.size(budget)))
            } catch {
                throw sender == .client ? .clientGone : .apiGone
            }
            switch outcome {
            case .wouldBlock: return false
            case .end: throw sender == .client ? .clientGone : .apiGone
            case .bytes(let count):
                try ReadBuffer.shared.withMutableBytes(count) { bytes throws(WebSocketEnd) in
                    try forward(&bytes, &metering)
                }
            }
        }
    }

    /// Usage that the API has stated goes to the supervisor before what states it goes to the client.
    private func isHeld(by metering: SocketMetering) -> Bool {
        sender == .server && metering.handover.isHolding
    }

    /// Writes what is kept; false where the target has not taken all yet.
    mutating func flush(isHeld: Bool = false) -> Bool {
        guard outlet.isBlocked else { return true }
        if isHeld || isAbandoned { return false }
        do throws(TransportError) {
            return try outlet.flush(to: target)
        } catch {
            abandon()
            return false
        }
    }

    private mutating func send(_ first: Span<UInt8>, _ second: Span<UInt8>, isHeld: Bool) {
        if isAbandoned { return }
        do throws(TransportError) {
            try outlet.send(first, second, to: target, isHeld: isHeld)
        } catch {
            abandon()
        }
    }

    private mutating func abandon() {
        isAbandoned = true
        outlet = Outlet()
        target.noteReadable()
    }

    /// Forwards what has come.
    mutating func forward(
        _ bytes: inout MutableSpan<UInt8>, _ metering: inout SocketMetering
    ) throws(WebSocketEnd) {
        received &+= UInt64(bytes.count)
        watch.hear(at: EventLoop.now)
        var output = FrameOutput()
        var violation: WebSocketError?
        do throws(WebSocketError) {
            try read(&bytes, &metering, &output)
        } catch {
            violation = error
        }
        send(output.bytes.span, bytes.span.extracting(output.run), isHeld: isHeld(by: metering))
        output.finish()
        pace.note(bytes.count, frames: output.frames)
        if let violation { throw sender == .client ? .clientViolation(violation) : .apiViolation(violation) }
    }

    private mutating func read(
        _ bytes: inout MutableSpan<UInt8>, _ metering: inout SocketMetering, _ output: inout FrameOutput
    ) throws(WebSocketError) {
        var position = 0
        while true {
            output.frames &+= 1
            switch try reader.next(in: &bytes, at: &position) {
            case .starved: return
            case .data(let part):
                metering.scan(part, of: bytes.span, from: sender)
                if part.hasSplitHead { output.join(bytes.span) }
                if sender == .client {
                    forwarding.mask(part, of: reader.head, in: &bytes, keys: &Scratch.maskingKeys, into: &output.bytes)
                } else if part.hasSplitHead {
                    reader.head.write(into: &output.bytes)
                }
                output.add(part.range, of: bytes.span)
                isInsideFrame = !part.endsFrame
            case .control(let frame):
                takeControl(frame, bytes.span, &output)
                if isClosed { return }
            }
        }
    }

    private mutating func takeControl(
        _ frame: WebSocketControlFrame, _ bytes: Span<UInt8>, _ output: inout FrameOutput
    ) {
        let payload = reader.payload(of: frame, in: bytes)
        if frame.opcode == .pong, watch.takesPong(payload) { return }
        if sender == .server, let range = frame.range {
            output.add(range, of: bytes)
        } else {
            output.join(bytes)
            WebSocketFrameWriter.frame(frame.opcode, payload, key: Self.nextKey(sender), into: &output.bytes)
        }
        if frame.opcode == .close { isClosed = true }
    }

    /// What the next frame that goes this way is masked with.
    private static func nextKey(_ sender: WebSocketSender) -> MaskingKey? {
        sender == .client ? Scratch.maskingKeys.next() : nil
    }
}

// Frames of our own.
extension SocketDirection {
    /// Pings the target, unless a frame is under way, or it takes nothing: then it has to be asked later.
    ///
    /// - Parameter watch: the target's, which is the other direction's.
    mutating func ping(for watch: inout PeerWatch) {
        let now = EventLoop.now
        guard !isInsideFrame, !isClosed, !isAbandoned, !outlet.isBlocked else { return watch.postpone(at: now) }
        var frame: [UInt8] = []
        watch.ping(at: now, key: Self.nextKey(sender), into: &frame)
        send(frame.span, [UInt8]().span, isHeld: false)
    }

    /// Tells the target that this end closes; nothing where a frame is under way, or a close frame has gone out.
    mutating func close(_ notice: WebSocketNotice) {
        guard !isInsideFrame, !isClosed else { return }
        isClosed = true
        var frame: [UInt8] = []
        WebSocketFrameWriter.close(notice.code, reason: notice.reason, key: Self.nextKey(sender), into: &frame)
        send(frame.span, [UInt8]().span, isHeld: false)
    }

    /// Whether a close frame is among what still comes, which goes nowhere any more.
    mutating func findClose(in bytes: inout MutableSpan<UInt8>) -> Bool {
        var position = 0
        while true {
            switch try? reader.next(in: &bytes, at: &position) {
            case .control(let frame) where frame.opcode == .close: return true
            case .data, .control: continue
            case .starved, nil: return false
            }
        }
    }
}
