import Testing

@testable import ocm_supervisor

@Suite("Reading JSON with places")
struct SourceReaderTests {
    static func read(_ text: String) throws(SourceError) -> SourceValue {
        try SourceReader.read(SourceText(file: "config.json", bytes: Array(text.utf8)))
    }

    /// RFC 8259, and what people write beyond it.
    @Test(
        "is accepted",
        arguments: [
            "null", "true", "false", "0", "-0", "1", "-1", "10", "0.5", "-0.5", "1e5", "1E+5", "1e-5", "1.25e2",
            "\"\"", "\"a\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u00e9\"", "\"\\uD83D\\uDE00\"", "\"é😀\"",
            "\"\u{7f}\"",
            "[]", "[ ]", "[1]", "[1,2]", "[[]]", "[1,[2,[3]]]", "{}", "{ }", "{\"a\":1}", "{\"a\":1,\"b\":2}",
            "{\"\":1}", "{\"a\":{\"a\":{}}}", " \t\r\n1 \t\r\n", "\u{feff}{}",
            "[1,]", "{\"a\":1,}", "// a\n1", "# a\n1", "/* a */1", "/**/1", "/* * / **/1", "1// a", "1# a",
            "[1 /* one */, # a\n2]",
            "{\"a\"/*b*/:/*c*/1}", "//\r\n1", "\"// no comment\"", "\"# no comment\"",
        ])
    func accepted(_ text: String) throws {
        _ = try Self.read(text)
    }

    @Test(
        "is refused",
        arguments: [
            "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5", "1.e5", "1e", "1e+",
            "0x10",
            "1_000", "1a", "1 2", "'a'", "a", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
            "\"\\uD83D\"",
            "\"\\uD83Da\"", "\"\\uD83D\\n\"", "\"\\uDE00\"", "\"\\uD83D\\uD83D\"", "\"\n\"", "\"\t\"", "\"\u{0}\"",
            "[", "]", "[1", "[1,", "[,]", "[,1]", "[1,,]", "[1 2]", "[1}", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1",
            "{\"a\" 1}",
            "{a:1}", "{1:1}", "{,}", "{\"a\":1,,}", "{\"a\":1 \"b\":2}", "{\"a\":1]", "{\"a\":}", "{\"a\":1,\"a\":2}",
            "{\"a\":1,\"\\u0061\":2}", "1 1", "{}{}", "/1", "/* a", "1 /", "<!-- -->1", "\u{feff}", "\u{a0}1",
        ])
    func refused(_ text: String) {
        #expect(throws: SourceError.self) { try Self.read(text) }
    }

    @Test("bytes that are not UTF-8 are refused where they stand")
    func strictUTF8() {
        let cases: [([UInt8], Int)] = [
            ([0x22, 0xff, 0x22], 1), ([0x22, 0xc3, 0x22], 1), ([0x22, 0xc0, 0xaf, 0x22], 1),
            ([0x22, 0x61, 0xed, 0xa0, 0x80, 0x22], 2),
            ([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], 1), ([0xff, 0xfe, 0x7b, 0x00], 0), ([0x22, 0xe2, 0x82], 1),
        ]
        for (bytes, offset) in cases {
            let expected = SourceError(fault: .notUTF8, offset: offset, path: .root)
            #expect(throws: expected) { try SourceReader.read(SourceText(file: "", bytes: bytes)) }
        }
    }

    @Test("strings come out as they are meant")
    func strings() throws {
        let value = try Self.read(#""a\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00é""#)
        guard case .string(let text) = value.content else { throw Unexpected() }
        #expect(text == "a\"\\/\u{8}\u{c}\n\r\té😀é")
    }

    @Test("numbers keep every digit")
    func numbers() throws {
        let value = try Self.read("[12345678901234567890123, 1.10, -0]")
        guard case .array(let elements) = value.content else { throw Unexpected() }
        let texts = elements.map { element in
            if case .number(let text) = element.content { text } else { "" }
        }
        #expect(texts == ["12345678901234567890123", "1.10", "-0"])
    }

    @Test("each value knows its line, its column and its path")
    func places() throws {
        let text = "{\n  \"é\": [ 1,\n    { \"users\": [ {}, { \"token\": \"x\" } ] } ],\n}"
        let source = SourceText(file: "", bytes: Array(text.utf8))
        let value = try SourceReader.read(source)
        let token = try #require(value["é"]?[1]?["users"]?[1]?["token"])
        #expect(token.path.text == "[\"é\"][1].users[1].token")
        #expect(source.line(of: token.offset) == 3)
        #expect(source.column(of: token.offset) == 33)
        #expect(try source.column(of: #require(value["é"]?[0]).offset) == 10)
    }

    @Test("a name may stand once, however it is escaped, and the error names both lines")
    func duplicates() {
        let fault = SourceError.Fault.duplicate(name: "a", line: 2)
        let expected = SourceError(fault: fault, offset: 14, path: .member(.root, "a"))
        #expect(throws: expected) { try Self.read("{\n  \"a\": 1,\n  \"\\u0061\": 2\n}") }
    }

    @Test("depth is bounded: 64 go, 65 do not")
    func depth() throws {
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        _ = try Self.read(nested(64))
        let error = #expect(throws: SourceError.self) { try Self.read(nested(65)) }
        #expect(error?.fault == .tooDeep)
    }

    @Test("a text beyond the size limit is refused before it is looked at")
    func size() {
        let bytes = [UInt8](repeating: UInt8(ascii: " "), count: SourceReader.maximumSize + 1)
        let expected = SourceError(fault: .tooLarge, offset: 0, path: .root)
        #expect(throws: expected) { try SourceReader.read(SourceText(file: "", bytes: bytes)) }
    }

    @Test("whatever is cut off a file or changed in it, the reading ends in a value or an error inside the file")
    func hostileInput() {
        let bytes = Array(Samples.whole.utf8)
        for end in stride(from: 0, to: bytes.count, by: 3) { Self.readWithinBounds(Array(bytes[..<end])) }
        for index in stride(from: 0, to: bytes.count, by: 3) {
            for byte: UInt8 in [0x22, 0x2c, 0x2f, 0x5c, 0x7d, 0xff] {
                var changed = bytes
                changed[index] = byte
                Self.readWithinBounds(changed)
            }
        }
    }

    private static func readWithinBounds(_ bytes: [UInt8]) {
        let source = SourceText(file: "", bytes: bytes)
        do throws(SourceError) {
            _ = try SourceReader.read(source)
        } catch {
            #expect((0...bytes.count).contains(error.offset))
            #expect(source.line(of: error.offset) > 0 && source.column(of: error.offset) > 0)
            #expect(!error.message.isEmpty)
        }
    }
}

/// A value is of another kind than the test expects.
struct Unexpected: Error {}
