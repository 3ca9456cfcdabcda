import OCMHTTP

/// After section 6 of the Autobahn suite, which is after Markus Kuhn's file of difficult UTF-8.
extension WebSocketCase {
    private static func invalid(_ name: String, _ payload: [UInt8]) -> WebSocketCase {
        WebSocketCase(name, [text("before"), text(payload), text("behind")], delivers: 1, .invalidText)
    }

    private static func valid(_ name: String, _ payload: [UInt8]) -> WebSocketCase {
        WebSocketCase(name, [text(payload), text("behind")])
    }

    static let plainText: [WebSocketCase] = [
        valid("Greek", Array("Hello-µ@ßöäüàá-UTF-8!! κόσμε".utf8)),
        valid("characters of one to four bytes", Array("aé€😀 aé€😀 aé€😀 aé€😀 aé€😀".utf8)),
        valid("four hundred characters of four bytes", Array(String(repeating: "😀", count: 400).utf8)),
        valid("Chinese among letters", Array((0..<200).map { $0 % 7 == 0 ? "漢字" : "abc" }.joined().utf8)),
        WebSocketCase(
            "a character over two fragments",
            [text([0xCE], final: false), more([0xBA], final: true), text("behind")]),
        WebSocketCase(
            "a character over four fragments with pings between",
            [text([0xF0], final: false), ping(), more([0x9F]), pong(), more([0x98]), more([0x80], final: true)]),
        WebSocketCase(
            "a character over fragments, some of them empty",
            [text([0xE2], final: false), more([]), more([0x82]), more([]), more([0xAC], final: true)]),
        WebSocketCase(
            "invalid text in the second of three fragments",
            [text("κόσμε", final: false), more([0xF4, 0x90, 0x80, 0x80]), last("edited")], delivers: 1, .invalidText),
        WebSocketCase(
            "a message that ends within a character", [text([0x61, 0xE2, 0x82])], .invalidText),
        WebSocketCase(
            "a last fragment that ends within a character", [text("a", final: false), more([0xCE], final: true)],
            .invalidText),
        WebSocketCase(
            "an empty last fragment within a character", [text([0xCE], final: false), last("")], .invalidText),
        WebSocketCase("a binary message that is no UTF-8", [binary([0xFF, 0xFE, 0xC0, 0x80]), text("a")]),
        WebSocketCase(
            "text that stays invalid, refused before the frame is complete",
            [TestFrame(first: 0x81, payload: [0x61, 0xC0], stated: 100)], .invalidText),
    ]

    /// The groups of Markus Kuhn's file, by their numbers there.
    static let difficultText: [WebSocketCase] =
        [
            valid("1: correct text", [0xCE, 0xBA, 0xE1, 0xBD, 0xB9, 0xCF, 0x83, 0xCE, 0xBC, 0xCE, 0xB5]),
            valid("2.1.1: first of one byte", [0x00]), valid("2.1.2: first of two bytes", [0xC2, 0x80]),
            valid("2.1.3: first of three bytes", [0xE0, 0xA0, 0x80]),
            valid("2.1.4: first of four bytes", [0xF0, 0x90, 0x80, 0x80]),
            invalid("2.1.5: first of five bytes", [0xF8, 0x88, 0x80, 0x80, 0x80]),
            invalid("2.1.6: first of six bytes", [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80]),
            valid("2.2.1: last of one byte", [0x7F]), valid("2.2.2: last of two bytes", [0xDF, 0xBF]),
            valid("2.2.3: last of three bytes", [0xEF, 0xBF, 0xBF]),
            valid("2.2.4: last of all", [0xF4, 0x8F, 0xBF, 0xBF]),
            invalid("2.2.4: last of four bytes", [0xF7, 0xBF, 0xBF, 0xBF]),
            invalid("2.2.5: last of five bytes", [0xFB, 0xBF, 0xBF, 0xBF, 0xBF]),
            invalid("2.2.6: last of six bytes", [0xFD, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF]),
            valid("2.3.1: before the surrogates", [0xED, 0x9F, 0xBF]),
            valid("2.3.2: behind the surrogates", [0xEE, 0x80, 0x80]),
            valid("2.3.3: the replacement character", [0xEF, 0xBF, 0xBD]),
            valid("2.3.4: U+10FFFF", [0xF4, 0x8F, 0xBF, 0xBF]),
            invalid("2.3.5: U+110000", [0xF4, 0x90, 0x80, 0x80]),
            invalid("3.1.1: a lone first continuation byte", [0x80]),
            invalid("3.1.2: a lone last continuation byte", [0xBF]),
        ]
        + (2...7).map { count in
            invalid("3.1.\(count + 1): \(count) continuation bytes", (0..<count).map { $0 % 2 == 0 ? 0x80 : 0xBF })
        }
        + [
            invalid("3.1.9: all continuation bytes", Array(0x80...0xBF)),
            invalid("3.2.1: leads of two bytes, spaces between", (0xC0...0xDF).flatMap { [UInt8($0), 0x20] }),
            invalid("3.2.2: leads of three bytes, spaces between", (0xE0...0xEF).flatMap { [UInt8($0), 0x20] }),
            invalid("3.2.3: leads of four bytes, spaces between", (0xF0...0xF7).flatMap { [UInt8($0), 0x20] }),
            invalid("3.2.4: leads of five bytes, spaces between", [0xF8, 0x20, 0xF9, 0x20, 0xFA, 0x20, 0xFB, 0x20]),
            invalid("3.2.5: leads of six bytes, spaces between", [0xFC, 0x20, 0xFD, 0x20]),
            invalid("3.3.1: the last of two bytes missing", [0xC0]),
            invalid("3.3.2: the last of three bytes missing", [0xE0, 0x80]),
            invalid("3.3.3: the last of four bytes missing", [0xF0, 0x80, 0x80]),
            invalid("3.3.4: the last of five bytes missing", [0xF8, 0x80, 0x80, 0x80]),
            invalid("3.3.5: the last of six bytes missing", [0xFC, 0x80, 0x80, 0x80, 0x80]),
            invalid("3.3.6: the last of U+07FF missing", [0xDF]),
            invalid("3.3.7: the last of U+FFFF missing", [0xEF, 0xBF]),
            invalid("3.3.8: the last of U+1FFFFF missing", [0xF7, 0xBF, 0xBF]),
            invalid(
                "3.4: all of those together", [0xC0, 0xE0, 0x80, 0xF0, 0x80, 0x80, 0xDF, 0xEF, 0xBF, 0xF7, 0xBF, 0xBF]),
            invalid("3.5.1: FE", [0xFE]), invalid("3.5.2: FF", [0xFF]),
            invalid("3.5.3: FE FE FF FF", [0xFE, 0xFE, 0xFF, 0xFF]),
            invalid("4.1.1: a slash in two bytes", [0xC0, 0xAF]),
            invalid("4.1.2: a slash in three bytes", [0xE0, 0x80, 0xAF]),
            invalid("4.1.3: a slash in four bytes", [0xF0, 0x80, 0x80, 0xAF]),
            invalid("4.1.4: a slash in five bytes", [0xF8, 0x80, 0x80, 0x80, 0xAF]),
            invalid("4.1.5: a slash in six bytes", [0xFC, 0x80, 0x80, 0x80, 0x80, 0xAF]),
            invalid("4.2.1: the last overlong of two bytes", [0xC1, 0xBF]),
            invalid("4.2.2: the last overlong of three bytes", [0xE0, 0x9F, 0xBF]),
            invalid("4.2.3: the last overlong of four bytes", [0xF0, 0x8F, 0xBF, 0xBF]),
            invalid("4.2.4: the last overlong of five bytes", [0xF8, 0x87, 0xBF, 0xBF, 0xBF]),
            invalid("4.2.5: the last overlong of six bytes", [0xFC, 0x83, 0xBF, 0xBF, 0xBF, 0xBF]),
            invalid("4.3.1: NUL in two bytes", [0xC0, 0x80]),
            invalid("4.3.2: NUL in three bytes", [0xE0, 0x80, 0x80]),
            invalid("4.3.3: NUL in four bytes", [0xF0, 0x80, 0x80, 0x80]),
            invalid("4.3.4: NUL in five bytes", [0xF8, 0x80, 0x80, 0x80, 0x80]),
            invalid("4.3.5: NUL in six bytes", [0xFC, 0x80, 0x80, 0x80, 0x80, 0x80]),
        ]
        + [0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF].map { unit in
            invalid("5.1: surrogate \(String(unit, radix: 16))", surrogate(unit))
        }
        + [(0xD800, 0xDC00), (0xD800, 0xDFFF), (0xDB7F, 0xDC00), (0xDB80, 0xDC00), (0xDBFF, 0xDFFF)].map { high, low in
            invalid(
                "5.2: surrogates \(String(high, radix: 16)) \(String(low, radix: 16))", surrogate(high) + surrogate(low)
            )
        }
        + [
            valid("5.3.1: noncharacter U+FFFE", [0xEF, 0xBF, 0xBE]),
            valid("5.3.2: noncharacter U+FFFF", [0xEF, 0xBF, 0xBF]),
        ]
        + (1...16).map { plane in
            valid(
                "5.3.4: noncharacters of plane \(plane)",
                Array("\(character(plane, 0xFFFE))\(character(plane, 0xFFFF))".utf8))
        }

    private static func surrogate(_ unit: Int) -> [UInt8] {
        [UInt8(0xE0 | unit >> 12), UInt8(0x80 | unit >> 6 & 0x3F), UInt8(0x80 | unit & 0x3F)]
    }

    private static func character(_ plane: Int, _ place: Int) -> Unicode.Scalar {
        Unicode.Scalar(UInt32(plane << 16 | place)) ?? "?"
    }
}
