internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

/// The frames of a client on their way to the API: the same frames, under masks of our own.
@EventLoop struct SocketUplink {
    private let client: Transport
    private let api: Transport
    private var reader: WebSocketFrameReader
    private var forwarding = WebSocketForwarding()
    private var pace = ReadPace()
    private(set) var outlet = Outlet()
    /// What was given to the API ends inside a frame.
    private(set) var isInsideFrame = false
    /// The API's connection takes no more. What it has said before may still be there to be read: it decides.
    private(set) var isAbandoned = false
    /// A close frame was the last that the API gets.
    private(set) var isClosed = false
    /// Bytes that the client has sent.
    private(set) var received: UInt64 = 0
    /// Whether the client is there.
    var watch: PeerWatch

    init(from client: Transport, to api: Transport, messageLimit: UInt64) {
        self.client = client
        self.api = api
        reader = WebSocketFrameReader(from: .client, limit: messageLimit)
        watch = PeerWatch(from: EventLoop.now)
    }

    /// The client has begun nothing that is not complete, and all is with the API.
    var isAtRest: Bool { reader.isAtRest && !outlet.isBlocked }

    /// Moves what can be moved now.
    ///
    /// - Returns: true where much was, and others should have their turn.
    mutating func pump(meter: inout SocketMetering, _ budget: BufferBudget) throws(WebSocketEnd) -> Bool {
        pace.begin()
        while true {
            guard flush(), !isClosed, !isAbandoned else { return false }
            if pace.isOver { return true }
            let outcome: ReadOutcome
            do throws(TransportError) {
                outcome = unsafe try client.read(into: ReadBuffer.shared.space(atMost: pace.size(budget)))
            } catch {
                throw .clientGone
            }
            switch outcome {
            case .wouldBlock: return false
            case .end: throw .clientGone
            case .bytes(let count):
                try ReadBuffer.shared.withMutableBytes(count) { bytes throws(WebSocketEnd) in
                    try forward(&bytes, meter: &meter)
                }
            }
        }
    }

    /// False where the API has not taken all yet.
    mutating func flush() -> Bool {
        do throws(TransportError) {
            return try outlet.flush(to: api)
        } catch {
            abandon()
            return false
        }
    }

    private mutating func abandon() {
        isAbandoned = true
        outlet = Outlet()
        api.noteReadable()
    }

    /// Forwards what the client has sent. Nothing is kept from before when this is called.
    mutating func forward(
        _ bytes: inout MutableSpan<UInt8>, meter: inout SocketMetering
    ) throws(WebSocketEnd) {
        received &+= UInt64(bytes.count)
        watch.hear(at: EventLoop.now)
        var output = FrameOutput()
        var violation: WebSocketError?
        do throws(WebSocketError) {
            try read(&bytes, &meter, &output)
        } catch {
            violation = error
        }
        send(output.bytes.span, bytes.span.extracting(output.run))
        output.finish()
        pace.note(bytes.count, frames: output.frames)
        if let violation { throw .clientViolation(violation) }
    }

    private mutating func read(
        _ bytes: inout MutableSpan<UInt8>, _ meter: inout SocketMetering, _ output: inout FrameOutput
    ) throws(WebSocketError) {
        var position = 0
        while true {
            output.frames &+= 1
            switch try reader.next(in: &bytes, at: &position) {
            case .starved: return
            case .data(let part):
                meter.scanClient(part, of: bytes.span)
                mask(part, &bytes, &output)
                isInsideFrame = !part.endsFrame
            case .control(let frame):
                takeControl(frame, bytes.span, &output)
                if isClosed { return }
            }
        }
    }

    @inline(__always) private mutating func mask(
        _ part: WebSocketFramePart, _ bytes: inout MutableSpan<UInt8>, _ output: inout FrameOutput
    ) {
        if part.hasSplitHead { output.join(bytes.span) }
        forwarding.mask(part, of: reader.head, in: &bytes, keys: &Scratch.maskingKeys, into: &output.bytes)
        output.add(part.range, of: bytes.span)
    }

    private mutating func takeControl(
        _ frame: WebSocketControlFrame, _ bytes: Span<UInt8>, _ output: inout FrameOutput
    ) {
        let payload = reader.payload(of: frame, in: bytes)
        if frame.opcode == .pong, watch.takesPong(payload) { return }
        output.join(bytes)
        WebSocketFrameWriter.frame(frame.opcode, payload, key: Scratch.maskingKeys.next(), into: &output.bytes)
        if frame.opcode == .close { isClosed = true }
    }

    private mutating func send(_ first: Span<UInt8>, _ second: Span<UInt8>) {
        if isAbandoned { return }
        do throws(TransportError) {
            try outlet.send(first, second, to: api, isHeld: false)
        } catch {
            abandon()
        }
    }
}

extension SocketUplink {
    /// Whether a close frame is among what still comes of the client, which goes nowhere any more.
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

// Frames of our own.
extension SocketUplink {
    /// Pings the API, unless a frame is under way, or the API takes nothing: then it has to be asked later.
    mutating func ping(for other: inout PeerWatch) {
        let now = EventLoop.now
        guard !isInsideFrame, !isClosed, !isAbandoned, !outlet.isBlocked else { return other.postpone(at: now) }
        var frame: [UInt8] = []
        other.ping(at: now, key: Scratch.maskingKeys.next(), into: &frame)
        send(frame.span, frame.span.extracting(0..<0))
    }

    /// Says that this end closes; nothing where a frame is under way, or a close frame has gone out.
    mutating func close(_ notice: WebSocketNotice) {
        guard !isInsideFrame, !isClosed else { return }
        isClosed = true
        var frame: [UInt8] = []
        WebSocketFrameWriter.close(
            notice.code, reason: notice.reason, key: Scratch.maskingKeys.next(), into: &frame)
        send(frame.span, frame.span.extracting(0..<0))
    }
}
