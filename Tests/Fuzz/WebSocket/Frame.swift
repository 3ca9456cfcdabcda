@testable import OCMHTTP

/// A frame as a plain reading finds it, which checks nothing.
struct Frame: Equatable {
    /// What a head says, of the forms that there are.
    struct Head {
        /// Without the key.
        var count: Int
        var isMasked: Bool
        var length: UInt64

        /// Nil where the bytes end before it does.
        init?(_ bytes: ArraySlice<UInt8>) {
            guard bytes.count >= 2 else { return nil }
            let second = bytes[bytes.startIndex + 1]
            let places = second & 0x7F < 126 ? 0 : second & 0x7F == 126 ? 2 : 8
            count = 2 + places
            guard bytes.count >= count else { return nil }
            isMasked = second & 0x80 != 0
            let extended = bytes.dropFirst(2).prefix(places).reduce(0) { $0 << 8 | UInt64($1) }
            length = places == 0 ? UInt64(second & 0x7F) : extended
        }
    }

    var opcode: WebSocketOpcode
    var isFinal: Bool
    var payload: [UInt8]

    /// The frames that are complete, up to one of another kind.
    static func all(in bytes: [UInt8]) -> [Frame] {
        var frames: [Frame] = []
        var rest = bytes[...]
        while let frame = next(in: &rest), UInt64(frame.payload.count) == frame.stated { frames.append(frame.frame) }
        return frames
    }

    /// What there is of the payload of the frame behind so many others.
    static func payload(behind frames: [Frame], in bytes: [UInt8]) -> [UInt8] {
        var rest = bytes[...]
        for _ in frames { _ = next(in: &rest) }
        return next(in: &rest)?.payload ?? []
    }

    private static func next(in rest: inout ArraySlice<UInt8>) -> (frame: Frame, payload: [UInt8], stated: UInt64)? {
        guard let head = Head(rest), let first = rest.first, let opcode = WebSocketOpcode(rawValue: first & 0x0F) else {
            return nil
        }
        rest = rest.dropFirst(head.count)
        let key = head.isMasked ? Array(rest.prefix(4)) : [0, 0, 0, 0]
        guard key.count == 4 else { return nil }
        if head.isMasked { rest = rest.dropFirst(4) }
        let payload = rest.prefix(Int(clamping: head.length)).enumerated().map { $1 ^ key[$0 % 4] }
        rest = rest.dropFirst(payload.count)
        return (Frame(opcode: opcode, isFinal: first & 0x80 != 0, payload: payload), payload, head.length)
    }
}

/// What a reader gives out, and what a relay forwards of it.
struct Reading {
    var frames: [Frame] = []
    var error: WebSocketError?
    var forwarded: [UInt8] = []
    private var payload: [UInt8] = []
    private var forwarding = WebSocketForwarding()
    private var keys = MaskingKeySource()

    init(_ bytes: [UInt8], from sender: WebSocketSender, limit: UInt64, pieces nextLength: () -> Int) {
        var reader = WebSocketFrameReader(from: sender, limit: limit)
        var start = 0
        do throws(WebSocketError) {
            while start < bytes.count {
                let end = start + min(nextLength(), bytes.count - start)
                var read = Array(bytes[start..<end])
                try take(&read, &reader, sender)
                start = end
            }
        } catch {
            self.error = error
        }
    }

    private mutating func take(
        _ read: inout [UInt8], _ reader: inout WebSocketFrameReader, _ sender: WebSocketSender
    ) throws(WebSocketError) {
        var bytes = read.mutableSpan
        var position = 0
        while true {
            switch try reader.next(in: &bytes, at: &position) {
            case .data(let part):
                if part.startsFrame { payload = [] }
                payload += copy(bytes.span.extracting(part.payload))
                if part.endsFrame {
                    frames.append(Frame(opcode: reader.head.opcode, isFinal: reader.head.isFinal, payload: payload))
                }
                if sender == .client {
                    forwarding.mask(part, of: reader.head, in: &bytes, keys: &keys, into: &forwarded)
                } else if part.hasSplitHead {
                    reader.head.write(into: &forwarded)
                }
                forwarded += copy(bytes.span.extracting(part.range))
            case .control(let frame):
                let payload = copy(reader.payload(of: frame, in: bytes.span))
                frames.append(Frame(opcode: frame.opcode, isFinal: true, payload: payload))
                let key = sender == .client ? keys.next() : nil
                WebSocketFrameWriter.frame(frame.opcode, payload.span, key: key, into: &forwarded)
            case .starved:
                guard position == bytes.count else { fatalError("bytes are left") }
                return
            }
        }
    }

    private func copy(_ bytes: Span<UInt8>) -> [UInt8] {
        bytes.withUnsafeBufferPointer { Array($0) }
    }
}
