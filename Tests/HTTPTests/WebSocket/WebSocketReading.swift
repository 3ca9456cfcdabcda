@testable import OCMHTTP

/// All that a reader gives out of some bytes, and what goes on from there to the other side.
struct WebSocketReading: Equatable {
    struct Frame: Equatable {
        var opcode: WebSocketOpcode
        var isFinal: Bool
        var payload: [UInt8]
    }

    /// The frames that were complete.
    var frames: [Frame] = []
    var error: WebSocketError?
    /// What a relay would have written.
    var forwarded: [UInt8] = []
    var isBetweenFrames = true
    var isBetweenMessages = true

    /// - Parameter cuts: where one read ends and the next begins.
    init(_ bytes: [UInt8], from sender: WebSocketSender, limit: UInt64 = .max, cuts: [Int] = []) {
        var reader = WebSocketFrameReader(from: sender, limit: limit)
        var relay = TestRelay(sender: sender)
        var start = 0
        do throws(WebSocketError) {
            for cut in cuts + [bytes.count] {
                var read = Array(bytes[start..<cut])
                try relay.take(&read, &reader, into: &self)
                start = cut
            }
        } catch {
            self.error = error
        }
        isBetweenFrames = reader.isBetweenFrames
        isBetweenMessages = reader.isBetweenMessages
    }
}

/// Forwards what a reader gives out, as a relay does.
struct TestRelay {
    let sender: WebSocketSender
    private var keys = MaskingKeySource()
    private var forwarding = WebSocketForwarding()
    /// Payload so far of the frame that is being read.
    private var payload: [UInt8] = []

    init(sender: WebSocketSender) {
        self.sender = sender
    }

    mutating func take(
        _ read: inout [UInt8], _ reader: inout WebSocketFrameReader, into reading: inout WebSocketReading
    ) throws(WebSocketError) {
        var bytes = read.mutableSpan
        var position = 0
        while true {
            switch try reader.next(in: &bytes, at: &position) {
            case .data(let part): take(part, of: reader.head, &bytes, into: &reading)
            case .control(let frame):
                let payload = copy(reader.payload(of: frame, in: bytes.span))
                reading.frames.append(.init(opcode: frame.opcode, isFinal: true, payload: payload))
                let key = sender == .client ? keys.next() : nil
                WebSocketFrameWriter.frame(frame.opcode, payload.span, key: key, into: &reading.forwarded)
            case .starved:
                precondition(position == bytes.count)
                return
            }
        }
    }

    private mutating func take(
        _ part: WebSocketFramePart, of head: WebSocketFrameHead, _ bytes: inout MutableSpan<UInt8>,
        into reading: inout WebSocketReading
    ) {
        if part.startsFrame { payload = [] }
        payload += copy(bytes.span.extracting(part.payload))
        if part.endsFrame {
            precondition(payload.count == head.payloadLength)
            reading.frames.append(.init(opcode: head.opcode, isFinal: head.isFinal, payload: payload))
        }
        if sender == .client {
            forwarding.mask(part, of: head, in: &bytes, keys: &keys, into: &reading.forwarded)
        } else if part.hasSplitHead {
            head.write(into: &reading.forwarded)
        }
        reading.forwarded += copy(bytes.span.extracting(part.range))
    }
}

private func copy(_ bytes: Span<UInt8>) -> [UInt8] {
    bytes.withUnsafeBufferPointer { Array($0) }
}

/// Frames taken apart without haste: independent of the reader, and trusting what it is given.
func framesIn(_ bytes: [UInt8]) -> [WebSocketReading.Frame] {
    var frames: [WebSocketReading.Frame] = []
    var rest = bytes[...]
    while rest.count >= 2 {
        let first = rest.removeFirst()
        let second = rest.removeFirst()
        var length = Int(second & 0x7F)
        if length > 125 {
            let places = length == 126 ? 2 : 8
            length = rest.prefix(places).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(places)
        }
        let key = second & 0x80 == 0 ? [0, 0, 0, 0] : Array(rest.prefix(4))
        if second & 0x80 != 0 { rest = rest.dropFirst(4) }
        guard rest.count >= length, let opcode = WebSocketOpcode(rawValue: first & 0x0F) else { break }
        let payload = rest.prefix(length).enumerated().map { $1 ^ key[$0 % 4] }
        frames.append(.init(opcode: opcode, isFinal: first & 0x80 != 0, payload: payload))
        rest = rest.dropFirst(length)
    }
    return frames
}
