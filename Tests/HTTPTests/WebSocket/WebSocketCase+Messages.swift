import OCMHTTP

/// After the sections 5, 7 and 9 of the Autobahn suite.
extension WebSocketCase {
    static let fragmentation: [WebSocketCase] = [
        WebSocketCase("fragmented ping", [TestFrame(first: 0x09, payload: [])], .fragmentedControlFrame),
        WebSocketCase("fragmented pong", [TestFrame(first: 0x0A, payload: [1])], .fragmentedControlFrame),
        WebSocketCase("fragmented close", [TestFrame(first: 0x08, payload: [])], .fragmentedControlFrame),
        WebSocketCase("two fragments of text", [text("frag", final: false), last("ment")]),
        WebSocketCase("two fragments of a binary message", [binary([0xFF], final: false), more([0xFE], final: true)]),
        WebSocketCase("empty fragments", [text("", final: false), more(""), last("")]),
        WebSocketCase("an empty first fragment", [text("", final: false), last("ment")]),
        WebSocketCase("a ping between two fragments", [text("frag", final: false), ping("p"), last("ment")]),
        WebSocketCase(
            "pings and pongs among five fragments",
            [text("a", final: false), ping("1"), more("b"), pong("2"), more("c"), ping(), more("d"), last("e")]),
        WebSocketCase(
            "two fragmented messages", [text("a", final: false), last("b"), text("c", final: false), last("d")]),
        WebSocketCase("continuation without a message", [last("a"), text("b")], delivers: 0, .unexpectedContinuation),
        WebSocketCase(
            "fragment without a message", [more("a"), last("b")], delivers: 0, .unexpectedContinuation),
        WebSocketCase("continuation behind a whole message", [text("a"), last("b")], .unexpectedContinuation),
        WebSocketCase(
            "continuation behind a fragmented message", [text("a", final: false), last("b"), last("c")],
            .unexpectedContinuation),
        WebSocketCase(
            "continuation behind a ping", [ping(), last("b")], .unexpectedContinuation),
        WebSocketCase(
            "text before the last fragment", [text("a", final: false), text("b")], .interruptedMessage),
        WebSocketCase(
            "binary message before the last fragment", [text("a", final: false), more("b"), binary([1])],
            .interruptedMessage),
        WebSocketCase(
            "a second first fragment", [binary([1], final: false), binary([1], final: false)], .interruptedMessage),
        WebSocketCase(
            "a close between two fragments", [text("a", final: false), close(1000), last("b")], delivers: 2),
        WebSocketCase("a thousand fragments", [text("", final: false)] + (0..<998).map { _ in more("x") } + [last("")]),
    ]

    static let closes: [WebSocketCase] =
        [
            WebSocketCase("close without payload", [close()]),
            WebSocketCase("close with a code", [close(1000)]),
            WebSocketCase("close with code and reason", [close(1001, "going away")]),
            WebSocketCase("close with the longest reason", [close(1000, String(repeating: "x", count: 123))]),
            WebSocketCase("close with a reason in Greek", [close(1000, "κόσμε")]),
            WebSocketCase("close of one byte", [close([0x03])], .truncatedCloseCode),
            WebSocketCase(
                "close with a reason that is no UTF-8", [close([0x03, 0xE8, 0xCE, 0xBA, 0xED, 0xA0, 0x80])],
                .invalidCloseReason),
            WebSocketCase(
                "close with a reason cut within a character", [close([0x03, 0xE8, 0x61, 0xCE])], .invalidCloseReason),
            WebSocketCase("text behind a close", [close(1000), text("late")], delivers: 1),
            WebSocketCase("ping behind a close", [close(1000), ping("late")], delivers: 1),
            WebSocketCase("second close", [close(1000), close(1001)], delivers: 1),
            WebSocketCase(
                "rubbish behind a close", [close(1000), TestFrame(first: 0xFF, payload: letters(7))], delivers: 1),
            WebSocketCase("close behind a message", [text("a"), close(1000)]),
        ]
        + [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
        ].map { WebSocketCase("close code \($0)", [close($0)]) }
        + [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map {
            WebSocketCase("close code \($0)", [close($0, "reason")], .invalidCloseCode)
        }

    static let limits: [WebSocketCase] = [
        WebSocketCase("a message of just the limit", [text(letters(100)), binary(letters(100))], limit: 100),
        WebSocketCase(
            "a message above the limit", [text("a"), text(letters(101)), text("b")], delivers: 1,
            .messageTooLarge(limit: 100), limit: 100),
        WebSocketCase(
            "fragments of just the limit",
            [text(letters(50), final: false), more(letters(50), final: true), text("a")],
            limit: 100),
        WebSocketCase(
            "fragments above the limit, together",
            [binary(letters(60), final: false), more(letters(40)), more(letters(1), final: true)],
            .messageTooLarge(limit: 100), limit: 100),
        WebSocketCase(
            "a stated length above the limit",
            [TestFrame(first: 0x81, payload: [], form: .eight, stated: 1 << 40)], .messageTooLarge(limit: 1 << 30),
            limit: 1 << 30),
        WebSocketCase(
            "fragments whose lengths overflow together",
            [
                text("a", final: false),
                TestFrame(first: 0x80, payload: [], form: .eight, stated: 1 << 63 - 1),
            ], .messageTooLarge(limit: 1 << 62), limit: 1 << 62),
        WebSocketCase(
            "control frames are no part of a message",
            [text(letters(100), final: false), ping("12345678"), pong("12345678"), close(1000)], limit: 100),
        WebSocketCase(
            "empty fragments without end", [text("", final: false)] + (0..<101).map { _ in more("") },
            .messageTooLarge(limit: 100), limit: 100),
    ]
}
