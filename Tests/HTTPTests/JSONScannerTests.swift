import Testing

@testable import OCMHTTP

@Suite("A JSON text")
struct JSONScannerTests {
    /// The tokens of a text, skipping the values of members that are named `skip`.
    private func tokens(_ text: String, length: Int) -> String {
        let bytes = Array(text.utf8)
        var json = JSONScanner()
        var result = ""
        for start in stride(from: 0, to: bytes.count, by: length) {
            let part = bytes.span.extracting(start..<min(start + length, bytes.count))
            var position = 0
            loop: while true {
                switch json.next(in: part, at: &position) {
                case .key:
                    result += "k(\(json.copyText(from: part).string))"
                    if json.text(in: part).matches("skip") { json.skipValue() }
                case .string: result += "s(\(json.copyText(from: part).string))"
                case .number: result += "n(\(json.count))"
                case .literal: result += "l"
                case .objectStart: result += "{"
                case .objectEnd: result += "}"
                case .arrayStart: result += "["
                case .arrayEnd: result += "]"
                case .starved: break loop
                case .malformed: return result + "!"
                }
            }
        }
        return result + (json.isComplete ? "." : "")
    }

    @Test(
        "is read token by token, however it is split",
        arguments: [
            (#"{}"#, "{}."), (#" { } x"#, "{}."), (#"{"a":1}"#, "{k(a)n(1)}."),
            (#"{"a":"b","c":[true,false,null,-1.5e3,{}]}"#, "{k(a)s(b)k(c)[llln(0){}]}."),
            (#"{"a\n\"\\\/\u0041":"\ud83d\ude00\ud83d"}"#, "{k(a\n\"\\/A)s(😀\u{FFFD})}."),
            (#"{"skip":{"a":[1,"x",{"b":null}]},"c":2}"#, "{k(skip)k(c)n(2)}."),
            (#"{"skip":"\"}","c":2}"#, "{k(skip)k(c)n(2)}."), (#"{"skip":12,"c":2}"#, "{k(skip)k(c)n(2)}."),
            (#"{"skip":null}"#, "{k(skip)}."), (#"{"a":[1,],}"#, "{k(a)[n(1)]}."), (#"{"a":1"#, "{k(a)"),
            (#"[]"#, "!"), (#"1"#, "!"), (#"{]"#, "{!"), (#"{"a"}"#, "{k(a)!"), (#"{"a":}"#, "{k(a)!"),
            (#"{"a":1 2}"#, "{k(a)n(1)!"), (#"{"a":1]"#, "{k(a)n(1)!"), (#"{,}"#, "{!"), (#"{"a":[,]}"#, "{k(a)[!"),
            (#"{"a":nul}"#, "{k(a)!"), (#"{"a":01}"#, "{k(a)!"), (#"{"a":1.}"#, "{k(a)!"), (#"{"a":-}"#, "{k(a)!"),
            (#"{"a":"\x"}"#, "{k(a)!"), (#"{"a":"\u00g0"}"#, "{k(a)!"), ("{\"a\":\"\u{1}\"}", "{k(a)!"),
            (#"{"skip":[1}]}"#, "{k(skip)!"), (#"{"skip":{"a":1,2}}"#, "{k(skip)!"),
            ("{\"a\u{7F}é\":1}", "{k(a\u{7F}é)n(1)}."),
        ])
    func tokens(_ text: String, _ expected: String) {
        for length in [1000, 1, 2, 3, 5] {
            #expect(tokens(text, length: length) == expected, "\(length)")
        }
    }

    @Test("may be nested without bound where it is skipped, and 64 deep where it is read")
    func depth() {
        let deep = String(repeating: "[", count: 100_000) + "{\"]\":1}" + String(repeating: "]", count: 100_000)
        #expect(tokens("{\"skip\":\(deep),\"b\":2}", length: 4096) == "{k(skip)k(b)n(2)}.")
        let brackets = { (count: Int) in String(repeating: "[", count: count) + String(repeating: "]", count: count) }
        #expect(tokens("{\"a\":\(brackets(63))}", length: 4096).hasSuffix("]}."))
        #expect(tokens("{\"a\":\(brackets(64))}", length: 4096).hasSuffix("[!"))
        #expect(tokens("{\"skip\":\(brackets(63)),\"b\":2}", length: 4096) == "{k(skip)k(b)n(2)}.")
        #expect(tokens("{\"skip\":\(brackets(64)),\"b\":2}", length: 4096) == "{k(skip)k(b)n(2)}.")
    }

    @Test("gives strings whole up to 128 bytes, and says so of longer ones")
    func longStrings() {
        let long = String(repeating: "m", count: 128)
        for length in [1000, 1] {
            #expect(tokens("{\"\(long)\":\"\(long)\"}", length: length) == "{k(\(long))s(\(long))}.")
            #expect(tokens("{\"m\(long)\":\"m\(long)\"}", length: length) == "{k()s()}.")
        }
    }

    @Test("has its short runs and long ones end where they end", arguments: 0..<80)
    func runs(_ length: Int) {
        for stop in [UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x00, 0x1F] {
            for start in 0...min(length, 9) {
                var bytes = [UInt8](repeating: 0xFF, count: length)
                bytes.append(stop)
                #expect(bytes.span.firstStringStop(from: start) == length)
                bytes += [UInt8](repeating: 0x5B, count: 40)
                #expect(bytes.span.firstStringStop(from: start) == length)
            }
        }
        for stop in [UInt8(ascii: "\n"), UInt8(ascii: "\r")] {
            for filler: UInt8 in [0x09, 0x0B, 0x0C, 0x0E, 0x8A, 0x8D, 0x00, 0xFF] {
                var bytes = [UInt8](repeating: filler, count: length)
                bytes.append(stop)
                bytes += [UInt8](repeating: 0x0A, count: 40)
                #expect(bytes.span.firstLineBreak(from: 0) == length)
            }
        }
        let plain = [UInt8](repeating: 0x20, count: length)
        #expect(plain.span.firstStringStop(from: 0) == length)
        #expect(plain.span.firstLineBreak(from: 0) == length)
    }
}
