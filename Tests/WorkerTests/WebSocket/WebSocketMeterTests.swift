import OCMHTTP
import OCMIPC
import Testing

@testable import ocm_worker

@Suite("The meter of a WebSocket")
struct WebSocketMeterTests {
    static let completed = """
        {"type":"response.completed","response":{"id":"resp_1","model":"gpt-5.5","service_tier":"default","output":[{}],\
        "usage":{"input_tokens":12,"input_tokens_details":{"cached_tokens":5},"output_tokens":7,\
        "output_tokens_details":{"reasoning_tokens":3},"total_tokens":19}}}
        """
    static let usage = TokenUsage(
        ending: .completed, model: "gpt-5.5", serviceTier: "default", inputTokens: 12, cachedTokens: 5, outputTokens: 7,
        reasoningTokens: 3)
    static let create = #"{"type":"response.create","model":"gpt-5.4","input":[{"model":"x"}],"generate":false}"#

    /// Events of which nothing is counted.
    static let unmetered = [
        #"{"type":"response.created","response":{"model":"gpt-5.5","usage":null}}"#,
        #"{"type":"response.output_text.delta","delta":"{\"type\":\"response.completed\"}"}"#,
        #"{"type":"response.completed_not","response":{"usage":{"input_tokens":1}}}"#,
        #"{"type": "response.output_item.done","response":{"usage":{"input_tokens":1}}}"#,
        #"{"response":{"usage":{"input_tokens":1}},"type":"response.in_progress"}"#,
        #"{"response":{"usage":{"input_tokens":1}}}"#, #"{"type":"error","status":429,"error":{"code":"x"}}"#,
        #"{"type":"responsesapi.websocket_timing","timing":{"duration_ms":100}}"#,
        #"{"type":"response.completed","response":{"usage":{"input_tokens":0,"output_tokens":0}}}"#,
        #"{"type":"response.completed","response":{"usage":{"input_tokens":1}"#, "[]", "null", "", "no JSON", "{}",
        #"{"type":"codex.rate_limits"}"#, #"{"type":"codex.rate_limits","rate_limits":[]}"#,
    ]

    @Test("finds the usage of each ending, whatever the fragments and reads", arguments: [1, 2, 3, 20])
    func usages(_ fragments: Int) throws {
        for (name, ending) in [
            ("completed", TokenUsage.Ending.completed), ("incomplete", .incomplete), ("failed", .failed),
        ] {
            for reads in [Int.max, 1, 2, 3, 7, 50] {
                for opcode in [WebSocketOpcode.text, .binary] {
                    var socket = MeteredSocket()
                    let event = Self.completed.replacing("response.completed", with: "response.\(name)")
                    try socket.server(event, opcode, fragments: fragments, reads: reads)
                    var expected = Self.usage
                    expected.ending = ending
                    #expect(socket.findings == [.usage(expected)])
                }
            }
        }
    }

    @Test("finds it however the JSON is written")
    func spellings() throws {
        for event in [
            Self.completed.replacing(":", with: ": ").replacing(",", with: ",\n  "),
            #"{"response":{"model":"gpt-5.5","usage":{"input_tokens":12}},"type":"response.completed"}"#,
            #" {"\u0074ype":"response.complete\u0064","response":{"model":"gpt-5.5","usage":{"input_tokens":12}}}"#,
            #"{"sequence_number":4,"type":"response.completed","response":{"model":"gpt-5.5","usage":{"input_tokens":12}}}"#,
        ] {
            for reads in [Int.max, 1, 5] {
                var socket = MeteredSocket()
                try socket.server(event, reads: reads)
                guard case .usage(let usage) = socket.findings.first else {
                    Issue.record("\(event) \(reads)")
                    continue
                }
                #expect(usage.model == "gpt-5.5" && usage.inputTokens == 12)
            }
        }
    }

    @Test("reports with the brace that closes the JSON, before it is forwarded")
    func early() throws {
        var socket = MeteredSocket()
        try socket.server(Self.completed + "  \n", reads: 1)
        #expect(socket.findings.count == 1)
        #expect(socket.scanned == Self.completed.utf8.count)
    }

    @Test("counts nothing of other messages", arguments: unmetered)
    func passed(_ event: String) throws {
        for fragments in [1, 3] {
            for reads in [Int.max, 1, 4] {
                var socket = MeteredSocket()
                try socket.server(event, fragments: fragments, reads: reads)
                #expect(socket.findings == [])
                // And it is none the worse for them.
                try socket.server(Self.completed, fragments: fragments, reads: reads)
                #expect(socket.findings == [.usage(Self.usage)])
            }
        }
    }

    @Test("counts each turn of a socket, with the model of its request where the response names none")
    func turns() throws {
        for reads in [Int.max, 1, 9] {
            var socket = MeteredSocket()
            for turn in 1...5 {
                try socket.client(
                    #"{"type":"response.create","model":"gpt-\#(turn)","input":[]}"#, fragments: turn, reads: reads)
                try socket.client(#"{"type":"response.processed","model":"other"}"#, reads: reads)
                try socket.server(Self.unmetered[0], reads: reads)
                try socket.server(
                    #"{"type":"response.completed","response":{"usage":{"input_tokens":\#(turn)}}}"#, reads: reads)
            }
            #expect(
                socket.findings
                    == (1...5).map {
                        .usage(TokenUsage(ending: .completed, model: "gpt-\($0)", inputTokens: UInt64($0)))
                    })
        }
    }

    @Test(
        "finds the model of a request",
        arguments: [
            (create, "gpt-5.4"), (#"{"model":"a","input":{"type":"x"},"type":"response.create"}"#, "a"),
            (#"{"type":"response.create","model":"first","model":"second"}"#, "first"),
            (#"{"type":"response.create","model":3,"model":"b"}"#, "b"),
            (#"{"type":"response.create","input":"\"model\":\"x\""}"#, ""),
            (#"{"type":"response.cancel","model":"x"}"#, "old"), (#"{"model":"x"}"#, "old"), ("no JSON", "old"),
            ("", "old"), (#"{"type":"response.create","model":"\#(String(repeating: "m", count: 129))"}"#, ""),
        ])
    func model(_ message: String, _ model: String) throws {
        for reads in [Int.max, 1, 3] {
            var socket = MeteredSocket()
            try socket.client(#"{"type":"response.create","model":"old"}"#)
            try socket.client(message, reads: reads)
            try socket.server(#"{"type":"response.failed","response":{"usage":{"output_tokens":1}}}"#)
            #expect(socket.findings == [.usage(TokenUsage(ending: .failed, model: model, outputTokens: 1))])
        }
    }

    @Test("knows whether a response is under way")
    func responding() throws {
        for reads in [Int.max, 1] {
            var socket = MeteredSocket()
            #expect(!socket.meter.isResponding)
            try socket.client(Self.create, reads: reads)
            #expect(socket.meter.isResponding)
            try socket.server(Self.unmetered[0], reads: reads)
            try socket.server(#"{"type":"codex.rate_limits","rate_limits":{}}"#, reads: reads)
            #expect(socket.meter.isResponding)
            try socket.server(Self.completed, reads: reads)
            #expect(!socket.meter.isResponding)
            try socket.client(#"{"type":"response.processed","response_id":"resp_1"}"#, reads: reads)
            #expect(!socket.meter.isResponding)
            try socket.client(Self.create, reads: reads)
            try socket.server(#"{"type":"error","status":400,"error":{}}"#, reads: reads)
            #expect(!socket.meter.isResponding)
            try socket.server(#"{"type":"response.output_text.delta","delta":"a"}"#, reads: reads)
            #expect(socket.meter.isResponding)
            try socket.client(Self.create, reads: reads)
            try socket.client(Self.create, reads: reads)
            for _ in 0..<3 { try socket.server(Self.completed, reads: reads) }
            #expect(!socket.meter.isResponding)
        }
    }

    @Test("takes a response to be under way from the first byte of a message to its last")
    func parts() throws {
        var socket = MeteredSocket()
        for (bytes, isServer) in [
            (MeteredSocket.frames(Self.create, .text, 3, MaskingKey(1, 2, 3, 4)), false),
            (MeteredSocket.frames(Self.completed, .text, 3, nil), true),
        ] {
            for (index, byte) in bytes.enumerated() {
                var read = [byte]
                if isServer { try socket.serverBytes(&read) } else { try socket.clientBytes(&read) }
                let isExpected = isServer ? index < bytes.count - 1 : index > 6
                #expect(socket.meter.isResponding == isExpected || index < 8)
            }
        }
    }

    @Test("finds the usage in an event of 200 MB, in constant memory")
    func huge() throws {
        var socket = MeteredSocket()
        let start = #"{"type":"response.completed","x":""#
        let end = #"","response":{"usage":{"input_tokens":7}}}"#
        let filler = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        var read: [UInt8] = []
        let length = UInt64(start.utf8.count + end.utf8.count + 200 * filler.count)
        WebSocketFrameHead(.text, payloadLength: length).write(into: &read)
        read += Array(start.utf8)
        try socket.serverBytes(&read)
        var bytes = filler
        for _ in 0..<200 { try socket.serverBytes(&bytes) }
        #expect(socket.findings == [])
        read = Array(end.utf8)
        try socket.serverBytes(&read)
        #expect(socket.findings == [.usage(TokenUsage(ending: .completed, inputTokens: 7))])
        #expect(!socket.meter.isResponding)
    }

    @Test("is small between two messages")
    func size() {
        #expect(MemoryLayout<WebSocketMeter>.size <= 72)
    }
}
