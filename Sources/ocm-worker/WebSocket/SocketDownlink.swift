internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

/// The frames of the API on their way to the client, as they are.
@EventLoop struct SocketDownlink {
    private let api: Transport
    private let client: Transport
    private var reader: WebSocketFrameReader
    private var pace = ReadPace()
    private(set) var outlet: Outlet
    /// What was given to the client ends inside a frame.
    private(set) var isInsideFrame = false
    /// A close frame was the last that the client gets.
    private(set) var isClosed = false
    /// Whether the API is there.
    var watch: PeerWatch

    /// - Parameter outlet: in which the answer to the upgrade may still be.
    init(from api: Transport, to client: Transport, messageLimit: UInt64, outlet: Outlet) {
        self.api = api
        self.client = client
        reader = WebSocketFrameReader(from: .server, limit: messageLimit)
        self.outlet = outlet
        watch = PeerWatch(from: EventLoop.now)
    }

    /// The API has begun nothing that is not complete.
    var isAtRest: Bool { reader.isAtRest }

    /// Moves what can be moved now.
    ///
    /// - Returns: true where much was, and others should have their turn.
    mutating func pump(meter: inout SocketMetering, _ budget: BufferBudget) throws(WebSocketEnd) -> Bool {
        pace.begin()
        while true {
            guard try flush(isHeld: meter.handover.isHolding), !isClosed else { return false }
            if pace.isOver { return true }
            let outcome: ReadOutcome
            do throws(TransportError) {
                outcome = unsafe try api.read(into: ReadBuffer.shared.space(atMost: pace.size(budget)))
            } catch {
                throw .apiGone
            }
            switch outcome {
            case .wouldBlock: return false
            case .end: throw .apiGone
            case .bytes(let count):
                try ReadBuffer.shared.withMutableBytes(count) { bytes throws(WebSocketEnd) in
                    try forward(&bytes, meter: &meter)
                }
            }
        }
    }

    mutating func flush(isHeld: Bool) throws(WebSocketEnd) -> Bool {
        guard outlet.isBlocked else { return true }
        if isHeld { return false }
        do throws(TransportError) { return try outlet.flush(to: client) } catch { throw .clientGone }
    }

    /// Forwards what the API has sent. Nothing is kept from before when this is called.
    mutating func forward(
        _ bytes: inout MutableSpan<UInt8>, meter: inout SocketMetering
    ) throws(WebSocketEnd) {
        watch.hear(at: EventLoop.now)
        var output = FrameOutput()
        var violation: WebSocketError?
        do throws(WebSocketError) {
            try read(&bytes, &meter, &output)
        } catch {
            violation = error
        }
        let failure = send(output.bytes.span, bytes.span.extracting(output.run), isHeld: meter.handover.isHolding)
        output.finish()
        pace.note(bytes.count, frames: output.frames)
        if let violation { throw .apiViolation(violation) }
        if let failure { throw failure }
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
                meter.scanServer(part, of: bytes.span)
                if part.hasSplitHead {
                    output.join(bytes.span)
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
        if let range = frame.range {
            output.add(range, of: bytes)
        } else {
            output.join(bytes)
            WebSocketFrameWriter.frame(frame.opcode, payload, key: nil, into: &output.bytes)
        }
        if frame.opcode == .close { isClosed = true }
    }

    private mutating func send(_ first: Span<UInt8>, _ second: Span<UInt8>, isHeld: Bool) -> WebSocketEnd? {
        do throws(TransportError) {
            try outlet.send(first, second, to: client, isHeld: isHeld)
            return nil
        } catch {
            return .clientGone
        }
    }
}

extension SocketDownlink {
    /// Whether a close frame is among what still comes of the API, which goes nowhere any more.
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
extension SocketDownlink {
    /// Pings the client, unless a frame is under way, or the client takes nothing: then it has to be asked later.
    mutating func ping(for other: inout PeerWatch) {
        let now = EventLoop.now
        guard !isInsideFrame, !isClosed, !outlet.isBlocked else { return other.postpone(at: now) }
        var frame: [UInt8] = []
        other.ping(at: now, key: nil, into: &frame)
        _ = send(frame.span, frame.span.extracting(0..<0), isHeld: false)
    }

    /// Says that this end closes; nothing where a frame is under way, or a close frame has gone out.
    mutating func close(_ notice: WebSocketNotice) {
        guard !isInsideFrame, !isClosed else { return }
        isClosed = true
        var frame: [UInt8] = []
        WebSocketFrameWriter.close(notice.code, reason: notice.reason, key: nil, into: &frame)
        _ = send(frame.span, frame.span.extracting(0..<0), isHeld: false)
    }
}
