import Testing

@testable import ocm_worker

@Suite("The meter and a full parse by Foundation")
struct UsageOracleTests {
    @Test("agree on every stream of the table", arguments: MeteredStream.table.filter { $0.body.count < 2000 })
    func table(_ stream: MeteredStream) {
        let finding = UsageOracle(api: stream.api, format: stream.format).finding(in: stream.body)
        if finding == nil, UsageOracle.isBeyondFoundation(stream.body) { return }
        #expect(stream.expected.map { finding?.admits($0) ?? false } ?? (finding == nil))
    }

    @Test("agree on streams made at random")
    func generated() {
        var generator = SeededGenerator(seed: 1)
        var found = 0
        for _ in 0..<1000 {
            let stream = RandomStream.make(using: &generator)
            found += check(stream, using: &generator) ? 1 : 0
        }
        // A test that finds nothing compares nothing.
        #expect(found > 300)
    }

    @Test(
        "agree on streams of the table with a few bytes changed",
        arguments: MeteredStream.table.filter { $0.body.count < 2000 })
    func mutated(_ stream: MeteredStream) {
        var generator = SeededGenerator(seed: UInt64(stream.name.utf8.count))
        let letters = Array("{}[]\",:\\ \r\n0eu.-d".utf8)
        for _ in 0..<15 {
            var mutant = stream
            for _ in 0..<Int.random(in: 1...3, using: &generator) where !mutant.body.isEmpty {
                let index = Int.random(in: 0..<mutant.body.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: mutant.body.remove(at: index)
                case 1: mutant.body.insert(letters.randomElement(using: &generator)!, at: index)
                case 2: mutant.body[index] = letters.randomElement(using: &generator)!
                default: mutant.body[index] = UInt8.random(in: 0...255, using: &generator)
                }
            }
            check(mutant, using: &generator)
        }
    }

    /// Whether there was something to find.
    @discardableResult
    private func check(_ stream: MeteredStream, using generator: inout SeededGenerator) -> Bool {
        let (api, format) = (stream.api, stream.format)
        let whole = ResponseMeter.usage(of: stream.body, api: api, format: format) { .max }
        let pieces = ResponseMeter.usage(of: stream.body, api: api, format: format) {
            Int.random(in: 0...40, using: &generator)
        }
        let finding = UsageOracle(api: api, format: format).finding(in: stream.body)
        let text = String(decoding: stream.body, as: UTF8.self)
        #expect(whole.usage == pieces.usage, "\(text)")
        if finding == nil || whole.usage == nil, UsageOracle.isBeyondFoundation(stream.body) { return false }
        #expect(whole.usage.map { finding?.admits($0) ?? false } ?? (finding == nil), "\(text)")
        return finding != nil
    }
}

/// Streams of every shape that the API might send, and a few more.
enum RandomStream {
    static func make(using generator: inout SeededGenerator) -> MeteredStream {
        let api: ResponseMeter.API = Bool.random(using: &generator) ? .responses : .chatCompletions
        let format: ResponseMeter.Format = Int.random(in: 0..<4, using: &generator) == 0 ? .json : .eventStream
        guard format == .eventStream else {
            return MeteredStream("random", api: api, format: format, response(api, using: &generator), nil)
        }
        let lineEnd = ["\n", "\r\n", "\r"].randomElement(using: &generator)!
        let space = Bool.random(using: &generator) ? " " : ""
        var stream = Bool.random(using: &generator) ? "\u{FEFF}" : ""
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let name = names.randomElement(using: &generator)!
            var lines: [String] = []
            if Bool.random(using: &generator) { lines.append("event:\(space)\(name)") }
            if Int.random(in: 0..<5, using: &generator) == 0 { lines.append(": comment") }
            let text = api == .responses ? event(name, using: &generator) : response(api, using: &generator)
            lines += text.split(separator: "\n").map { "data:\(space)\($0)" }
            if Int.random(in: 0..<8, using: &generator) == 0 { lines.reverse() }
            stream += (lines + ["", ""]).joined(separator: lineEnd)
        }
        if Bool.random(using: &generator) { stream += "data: [DONE]" }
        return MeteredStream("random", api: api, format: format, stream, nil)
    }

    private static let names = [
        "response.completed", "response.completed", "response.incomplete", "response.failed",
        "response.output_text.delta", "message", "",
    ]

    private static func event(_ name: String, using generator: inout SeededGenerator) -> String {
        var members = [
            #""response":\#(response(.responses, using: &generator))"#, #""n":\#(value(3, using: &generator))"#,
        ]
        if Int.random(in: 0..<4, using: &generator) > 0 { members.append(#""type":"\#(name)""#) }
        return object(members, using: &generator)
    }

    private static func response(_ api: ResponseMeter.API, using generator: inout SeededGenerator) -> String {
        let (input, output) = api == .responses ? ("input", "output") : ("prompt", "completion")
        let inputDetails = object(
            [
                #""cached_tokens":\#(number(using: &generator))"#,
                #""cache_write_tokens":\#(number(using: &generator))"#,
            ],
            using: &generator)
        let outputDetails = object([#""reasoning_tokens":\#(number(using: &generator))"#], using: &generator)
        let usage = object(
            [
                #""\#(input)_tokens":\#(number(using: &generator))"#, #""\#(input)_tokens_details":\#(inputDetails)"#,
                #""\#(output)_tokens":\#(number(using: &generator))"#,
                #""\#(output)_tokens_details":\#(outputDetails)"#,
            ], using: &generator)
        let status = ["completed", "incomplete", "failed", "queued"].randomElement(using: &generator)!
        return object(
            [
                #""usage":\#(Int.random(in: 0..<5, using: &generator) == 0 ? "null" : usage)"#,
                #""model":"gpt-\u00e9\u0035.5""#, #""service_tier":"default""#, #""status":"\#(status)""#,
                #""output":\#(value(4, using: &generator))"#,
            ], using: &generator)
    }

    /// Members in any order, now and then one left out or twice.
    private static func object(_ members: [String], using generator: inout SeededGenerator) -> String {
        var members = members.shuffled(using: &generator)
        if Int.random(in: 0..<6, using: &generator) == 0 { members.removeLast() }
        if Int.random(in: 0..<6, using: &generator) == 0, let member = members.last { members.insert(member, at: 0) }
        let space = ["", " ", "\n", "\t "].randomElement(using: &generator)!
        return "{\(space)\(members.joined(separator: ",\(space)"))\(space)}"
    }

    private static func number(using generator: inout SeededGenerator) -> String {
        let plain = String(Int.random(in: 0...1_000_000, using: &generator))
        return Int.random(in: 0..<4, using: &generator) > 0
            ? plain
            : [plain + ".0", plain + ".25", "1e3", "-1", "null", "\"5\"", "2.5E+1"].randomElement(using: &generator)!
    }

    private static func value(_ depth: Int, using generator: inout SeededGenerator) -> String {
        let texts = [#"""#, #"\\"#, #"\""#, #"\u00e9"#, #"\ud83d\ude00"#, "usage", "{", "}", "data: ", "漢字", #"\n"#]
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &generator) {
        case 0: return number(using: &generator)
        case 1: return ["true", "false", "null"].randomElement(using: &generator)!
        case 2, 3:
            let parts = (0..<5).map { _ in texts.dropFirst().randomElement(using: &generator)! }
            return "\"\(parts.joined())\""
        case 4:
            return "[\((0..<3).map { _ in value(depth - 1, using: &generator) }.joined(separator: ","))]"
        default:
            return #"{"usage":\#(value(depth - 1, using: &generator)),"type":\#(value(depth - 1, using: &generator))}"#
        }
    }
}
