import OCMHTTP

/// After the sections 1 to 4 of the Autobahn suite, and section 5.2 of RFC 6455 on lengths.
extension WebSocketCase {
    static let framing: [WebSocketCase] =
        [0, 1, 125, 126, 127, 128, 65535, 65536].flatMap { count in
            [
                WebSocketCase("text of \(count) bytes", [text(letters(count))]),
                WebSocketCase("binary message of \(count) bytes", [binary([UInt8](repeating: 0xFE, count: count))]),
            ]
        } + [
            WebSocketCase("ten messages in a row", (0..<10).map { text("message \($0)") }),
            WebSocketCase("text and binary messages by turns", [text("a"), binary([0xFF]), text(""), binary([])]),
        ]

    static let lengths: [WebSocketCase] = [
        WebSocketCase(
            "length below 126 in two bytes", [TestFrame(first: 0x81, payload: letters(125), form: .two)],
            .overlongLength),
        WebSocketCase(
            "length 0 in two bytes", [TestFrame(first: 0x82, payload: [], form: .two)], .overlongLength),
        WebSocketCase(
            "length below 65536 in eight bytes", [TestFrame(first: 0x82, payload: letters(65535), form: .eight)],
            .overlongLength),
        WebSocketCase(
            "length below 126 in eight bytes", [TestFrame(first: 0x81, payload: letters(5), form: .eight)],
            .overlongLength),
        WebSocketCase(
            "length 2^63", [TestFrame(first: 0x82, payload: [], form: .eight, stated: 1 << 63)], .lengthOverflow),
        WebSocketCase(
            "length 2^64 - 1", [TestFrame(first: 0x82, payload: [], form: .eight, stated: .max)], .lengthOverflow),
        WebSocketCase(
            "length 2^63 - 1 is begun",
            [TestFrame(first: 0x82, payload: letters(10), form: .eight, stated: 1 << 63 - 1)],
            delivers: 0),
    ]

    static let pings: [WebSocketCase] = [
        WebSocketCase("ping without payload", [ping()]),
        WebSocketCase("ping with payload", [ping("Hello, world!")]),
        WebSocketCase(
            "ping with a payload that is no text", [TestFrame(first: 0x89, payload: [0x00, 0xFF, 0xFE, 0xFD, 0x80])]),
        WebSocketCase("ping with 125 bytes", [TestFrame(first: 0x89, payload: letters(125))]),
        WebSocketCase("ping with 126 bytes", [TestFrame(first: 0x89, payload: letters(126))], .controlFrameTooLong),
        WebSocketCase("pong with 126 bytes", [TestFrame(first: 0x8A, payload: letters(126))], .controlFrameTooLong),
        WebSocketCase("close with 126 bytes", [TestFrame(first: 0x88, payload: letters(126))], .controlFrameTooLong),
        WebSocketCase(
            "ping of 125 bytes in the long form", [TestFrame(first: 0x89, payload: letters(125), form: .two)],
            .controlFrameTooLong),
        WebSocketCase("unsolicited pong without payload", [pong()]),
        WebSocketCase("unsolicited pong with payload", [pong("unsolicited")]),
        WebSocketCase("unsolicited pong, then a ping", [pong("unsolicited"), ping("solicited")]),
        WebSocketCase("ten pings", (0..<10).map { ping("ping \($0)") }),
        WebSocketCase("ping between two messages", [text("a"), ping("b"), text("c")]),
    ]

    static let reservedBits: [WebSocketCase] =
        (1...7).map { bits in
            WebSocketCase(
                "reserved bits \(bits) in a text message",
                [text("a"), TestFrame(first: 0x81 | UInt8(bits) << 4, payload: [])],
                .reservedBits)
        }
        + [(0x80, "continuation"), (0x82, "binary message"), (0x88, "close"), (0x89, "ping"), (0x8A, "pong")].map {
            WebSocketCase(
                "reserved bit in a \($0.1)", [TestFrame(first: UInt8($0.0) | 0x40, payload: [])], .reservedBits)
        } + [
            WebSocketCase(
                "reserved bit behind a ping", [ping("a"), TestFrame(first: 0xC1, payload: letters(20))], .reservedBits)
        ]

    static let opcodes: [WebSocketCase] =
        [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap { opcode in
            [
                WebSocketCase("opcode \(opcode)", [TestFrame(first: 0x80 | opcode, payload: [])], .unknownOpcode),
                WebSocketCase(
                    "opcode \(opcode) with payload, between messages",
                    [text("a"), ping(), TestFrame(first: 0x80 | opcode, payload: letters(30)), text("b")], delivers: 2,
                    .unknownOpcode),
            ]
        } + [
            WebSocketCase("opcode 3 without FIN", [TestFrame(first: 0x03, payload: [])], .unknownOpcode)
        ]
}
