import FuzzSupport

@testable import OCMHTTP

/// One input: a byte that says who sends and seeds the pieces, a limit, then frames; those of a client are masked here, so
/// that inputs stay legible. They must read the same at once, byte by byte and in pieces, and as a plain reading of them
/// does; what is forwarded must be the same frames again.
@main enum WebSocketFuzz: Fuzzer {
    static func test(_ input: inout Input) {
        let choice = input.byte()
        let sender: WebSocketSender = choice & 1 == 0 ? .client : .server
        let limit = choice & 2 == 0 ? UInt64.max : UInt64(input.byte())
        let bytes = sender == .client ? masked(input.bytes) : input.bytes
        var pieces = Pieces(seed: choice)
        let whole = Reading(bytes, from: sender, limit: limit) { bytes.count }
        for other in [
            Reading(bytes, from: sender, limit: limit) { 1 },
            Reading(bytes, from: sender, limit: limit) { pieces.next() },
        ] where other.frames != whole.frames || other.error != whole.error {
            fatalError("differs by pieces: \(whole), \(other)")
        }
        check(whole, of: bytes, limit)
        checkForwarded(whole, bytes, sender)
    }

    private static func check(_ reading: Reading, of bytes: [UInt8], _ limit: UInt64) {
        guard Frame.all(in: bytes).starts(with: reading.frames) else { fatalError("other frames: \(reading)") }
        var message: Frame?
        for frame in reading.frames {
            guard !frame.opcode.isControl else {
                if !frame.isFinal || frame.payload.count > 125 { fatalError("no control frame: \(frame)") }
                continue
            }
            if (frame.opcode == .continuation) != (message != nil) { fatalError("no fragments of a message") }
            message = Frame(
                opcode: message?.opcode ?? frame.opcode, isFinal: frame.isFinal,
                payload: (message?.payload ?? []) + frame.payload)
            guard let whole = message, frame.isFinal else { continue }
            if UInt64(whole.payload.count) > limit { fatalError("more than the limit") }
            if whole.opcode == .text, !isUTF8(whole.payload) { fatalError("no text") }
            message = nil
        }
        if let close = reading.frames.firstIndex(where: { $0.opcode == .close }), close != reading.frames.count - 1 {
            fatalError("something behind a close")
        }
        guard reading.error == .invalidText else { return }
        let text = (message?.payload ?? []) + Frame.payload(behind: reading.frames, in: bytes)
        if isUTF8(text) { fatalError("it is text") }
    }

    private static func isUTF8(_ bytes: [UInt8]) -> Bool {
        (try? UTF8Span(validating: bytes.span)) != nil
    }

    private static func checkForwarded(_ reading: Reading, _ bytes: [UInt8], _ sender: WebSocketSender) {
        let isSame =
            sender == .server
            ? bytes.starts(with: reading.forwarded) : Frame.all(in: reading.forwarded).starts(with: reading.frames)
        if !isSame || reading.forwarded.count > bytes.count { fatalError("other frames are forwarded: \(reading)") }
    }

    /// The same frames with masks: where the input sets the bit, a key is put in, and the payload masked.
    private static func masked(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes[...]
        while let head = Frame.Head(rest) {
            output += rest.prefix(head.count)
            rest = rest.dropFirst(head.count)
            guard head.isMasked else { continue }
            let key: [UInt8] = [0x37, 0xFA, 0x21, output.count % 2 == 0 ? 0x3D : 0]
            output += key
            let payload = rest.prefix(Int(clamping: head.length))
            output += payload.enumerated().map { $1 ^ key[$0 % 4] }
            rest = rest.dropFirst(payload.count)
        }
        return output + rest
    }
}
