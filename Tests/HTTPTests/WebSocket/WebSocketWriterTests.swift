import Testing

@testable import OCMHTTP

@Suite("Frames of our own")
struct WebSocketWriterTests {
    @Test("have heads of the shortest form", arguments: [0, 125, 126, 65535, 65536, 1 << 62] as [UInt64])
    func heads(_ length: UInt64) throws {
        for key in [nil, MaskingKey(1, 2, 3, 4)] {
            for (opcode, isFinal) in [(WebSocketOpcode.text, true), (.binary, false), (.continuation, false)] {
                let head = WebSocketFrameHead(opcode, payloadLength: length, isFinal: isFinal, maskingKey: key)
                var bytes: [UInt8] = []
                head.write(into: &bytes)
                #expect(bytes.count == head.byteCount)
                #expect(bytes.count <= WebSocketFrameHead.maximumByteCount)
                let sender: WebSocketSender = key == nil ? .server : .client
                for count in 0..<bytes.count {
                    let part = try WebSocketFrameHead(bytes.span.extracting(0..<count), at: 0, from: sender)
                    #expect(part == nil)
                }
                let whole = try WebSocketFrameHead(bytes.span, at: 0, from: sender)
                #expect(whole == head)
            }
        }
    }

    @Test("are the examples of RFC 6455 section 5.7")
    func examples() {
        var output: [UInt8] = []
        WebSocketFrameWriter.frame(.text, Array("Hello".utf8).span, key: nil, into: &output)
        #expect(output == [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
        output = []
        WebSocketFrameWriter.frame(
            .text, Array("Hello".utf8).span, key: MaskingKey(0x37, 0xFA, 0x21, 0x3D), into: &output)
        #expect(output == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
    }

    @Test("close with a reason of whole characters")
    func reason() throws {
        for key in [nil, MaskingKey(5, 6, 7, 8)] {
            var output: [UInt8] = []
            WebSocketFrameWriter.close(
                .serviceRestart, reason: String(repeating: "€", count: 50), key: key, into: &output)
            WebSocketFrameWriter.close(nil, key: key, into: &output)
            let frames = framesIn(output)
            try #require(frames.count == 2)
            #expect(frames[0].payload == [0x03, 0xF4] + Array(String(repeating: "€", count: 41).utf8))
            #expect(frames[1] == .init(opcode: .close, isFinal: true, payload: []))
        }
    }

    @Test("ping, and know their pongs")
    func liveness() throws {
        var liveness = WebSocketLiveness(token: 0x0102_0304_0506_0708)
        #expect(liveness.isAnswered)
        var output: [UInt8] = []
        liveness.ping(key: MaskingKey(1, 1, 1, 1), into: &output)
        liveness.ping(key: nil, into: &output)
        let pings = framesIn(output)
        #expect(pings.map(\.opcode) == [.ping, .ping])
        #expect(pings[0].payload == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1])
        #expect(!liveness.isAnswered)
        let foreign = [[], Array("ping".utf8), [1, 2, 3, 4, 5, 6, 7, 9, 0, 0, 0, 2], pings[1].payload + [0]]
        #expect(foreign.map { takes($0, &liveness) } == [false, false, false, false])
        // A late one is swallowed, and answers nothing.
        #expect(takes(pings[0].payload, &liveness))
        #expect(!liveness.isAnswered)
        #expect(takes(pings[1].payload, &liveness))
        #expect(liveness.isAnswered)
        var other = WebSocketLiveness()
        #expect(!takes(pings[1].payload, &other))
    }

    private func takes(_ payload: [UInt8], _ liveness: inout WebSocketLiveness) -> Bool {
        liveness.takesPong(payload.span)
    }
}
