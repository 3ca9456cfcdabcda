import Testing

@testable import OCMHTTP

@Suite("Frames of a WebSocket")
struct WebSocketFrameReaderTests {
    @Test("frames are told apart", arguments: WebSocketCase.framing + WebSocketCase.lengths)
    func framing(_ frames: WebSocketCase) { check(frames) }

    @Test("pings and pongs pass", arguments: WebSocketCase.pings)
    func pings(_ frames: WebSocketCase) { check(frames) }

    @Test("reserved bits are refused", arguments: WebSocketCase.reservedBits)
    func reservedBits(_ frames: WebSocketCase) { check(frames) }

    @Test("unknown opcodes are refused", arguments: WebSocketCase.opcodes)
    func opcodes(_ frames: WebSocketCase) { check(frames) }

    @Test("fragments make a message", arguments: WebSocketCase.fragmentation)
    func fragmentation(_ frames: WebSocketCase) { check(frames) }

    @Test("text is UTF-8", arguments: WebSocketCase.plainText + WebSocketCase.difficultText)
    func text(_ frames: WebSocketCase) { check(frames) }

    @Test("closes are checked, and end all", arguments: WebSocketCase.closes)
    func closes(_ frames: WebSocketCase) { check(frames) }

    @Test("messages have a limit", arguments: WebSocketCase.limits)
    func limits(_ frames: WebSocketCase) { check(frames) }

    @Test("a client masks, a server does not", arguments: [0x81, 0x02, 0x89, 0x88, 0x80] as [UInt8])
    func roles(_ first: UInt8) {
        for (sender, error) in [(WebSocketSender.client, WebSocketError.unmaskedFrame), (.server, .maskedFrame)] {
            let frame = TestFrame(first: first, payload: [0x03, 0xE8, 0x61], isMasked: sender == .server)
            let reading = WebSocketReading(frame.bytes(from: sender, key: [1, 2, 3, 4]), from: sender)
            #expect(reading.error == error)
            #expect(reading.forwarded == [])
        }
    }

    @Test("what breaks a rule in its first byte is refused at its first byte")
    func early() {
        for (first, error) in [
            (0xC1, WebSocketError.reservedBits), (0x83, .unknownOpcode), (0x09, .fragmentedControlFrame),
        ] {
            #expect(WebSocketReading([UInt8(first)], from: .client).error == error)
        }
        #expect(WebSocketReading([0x81, 0x00], from: .client).error == .unmaskedFrame)
        #expect(WebSocketReading([0x89, 0xFE], from: .client).error == .controlFrameTooLong)
    }

    @Test("it is known whether a frame or a message is under way")
    func boundaries() {
        let bytes = [UInt8]([0x01, 2, 0x61, 0x62, 0x89, 1, 0x70, 0x80, 1, 0x63])
        let states = (0...bytes.count).map { count in
            let reading = WebSocketReading(Array(bytes.prefix(count)), from: .server)
            return "\(reading.isBetweenFrames ? 1 : 0)\(reading.isBetweenMessages ? 1 : 0)"
        }
        // A control frame, or a head, is given out when it is complete.
        #expect(states == ["11", "11", "00", "00", "10", "10", "10", "10", "10", "00", "11"])
    }

    @Test("parts know where frames and messages begin and end")
    func parts() throws {
        var reader = WebSocketFrameReader(from: .server)
        var read: [UInt8] = [0x01, 3, 0x61, 0x62]
        var bytes = read.mutableSpan
        var position = 0
        guard case .data(let first) = try reader.next(in: &bytes, at: &position) else { throw Unexpected() }
        #expect(first == WebSocketFramePart(bounds: [.frameStart, .messageStart], start: 0, payload: 2..<4))
        var rest: [UInt8] = [0x63, 0x80, 0x00]
        bytes = rest.mutableSpan
        position = 0
        guard case .data(let second) = try reader.next(in: &bytes, at: &position) else { throw Unexpected() }
        #expect(second == WebSocketFramePart(bounds: .frameEnd, start: 0, payload: 0..<1))
        guard case .data(let third) = try reader.next(in: &bytes, at: &position) else { throw Unexpected() }
        #expect(
            third == WebSocketFramePart(bounds: [.frameStart, .frameEnd, .messageEnd], start: 1, payload: 3..<3))
        #expect(position == 3)
    }

    @Test("the close code is given out")
    func closeCode() throws {
        for (frame, code) in [(close(), nil), (close(1012), WebSocketCloseCode.serviceRestart)] {
            var reader = WebSocketFrameReader(from: .client)
            var read = frame.bytes(from: .client, key: [9, 8, 7, 6])
            var bytes = read.mutableSpan
            var position = 0
            guard case .control(let control) = try reader.next(in: &bytes, at: &position) else { throw Unexpected() }
            #expect(control.closeCode == code)
            #expect(control.range == 0..<bytes.count)
            #expect(reader.isClosed)
        }
    }

    @Test("every error has the close code that it calls for")
    func closeCodes() {
        #expect(WebSocketError.reservedBits.closeCode.rawValue == 1002)
        #expect(WebSocketError.invalidCloseCode.closeCode.rawValue == 1002)
        #expect(WebSocketError.invalidText.closeCode.rawValue == 1007)
        #expect(WebSocketError.invalidCloseReason.closeCode.rawValue == 1007)
        #expect(WebSocketError.messageTooLarge(limit: 1).closeCode.rawValue == 1009)
    }

    @Test("an idle reader is small")
    func size() {
        #expect(MemoryLayout<WebSocketFrameReader>.size <= 104)
    }

    struct Unexpected: Error {}

    /// Reads a case from both senders: at once, byte by byte, and in two pieces split at every position.
    private func check(_ frames: WebSocketCase) {
        for (sender, key) in [(WebSocketSender.client, [0x37, 0xFA, 0x21, 0x3D] as [UInt8]), (.server, [])] {
            let bytes = frames.frames.flatMap { $0.bytes(from: sender, key: key) }
            let whole = WebSocketReading(bytes, from: sender, limit: frames.limit)
            let expected = frames.frames.prefix(frames.delivered).map { frame in
                WebSocketReading.Frame(
                    opcode: WebSocketOpcode(rawValue: frame.first & 0x0F) ?? .close, isFinal: frame.first & 0x80 != 0,
                    payload: frame.payload)
            }
            #expect(whole.error == frames.error)
            #expect(whole.frames == expected)
            for cuts in cuts(bytes.count) {
                let reading = WebSocketReading(bytes, from: sender, limit: frames.limit, cuts: cuts)
                // A recorded failure costs far more than a comparison.
                guard
                    reading.error != whole.error || reading.frames != whole.frames
                        || reading.isBetweenMessages != whole.isBetweenMessages
                        || !isForwarded(reading, bytes, sender)
                else { continue }
                Issue.record("cut at \(cuts.prefix(3)): \(reading.error as Any), \(reading.frames.count) frames")
            }
        }
    }

    private func cuts(_ count: Int) -> [[Int]] {
        // Long ones are split where heads and ends are, and come in pieces of a few bytes.
        let edge = count < 5000 ? 20 : 5
        let places = count < 200 ? Array(0...count) : Array(0...edge) + Array((count - edge)...count) + [count / 2]
        return [[], Array(stride(from: 0, to: count, by: count < 5000 ? 1 : 61))] + places.map { [$0] }
    }

    /// Whether what goes on is what came, to the byte or but for its masks, up to the frame in which it ends.
    private func isForwarded(_ reading: WebSocketReading, _ bytes: [UInt8], _ sender: WebSocketSender) -> Bool {
        if sender == .server { return bytes.starts(with: reading.forwarded) }
        return framesIn(reading.forwarded) == reading.frames && reading.forwarded.count <= bytes.count
    }
}
