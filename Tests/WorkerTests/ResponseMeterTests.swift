import Testing

@testable import ocm_worker

@Suite("A response's usage")
struct ResponseMeterTests {
    @Test("is found in the whole body, once", arguments: MeteredStream.table)
    func whole(_ stream: MeteredStream) {
        let result = usage(of: stream) { .max }
        #expect(result.usage == stream.expected)
        #expect(result.reports == (stream.expected == nil ? 0 : 1))
    }

    @Test("is found byte by byte, once", arguments: MeteredStream.table)
    func byteByByte(_ stream: MeteredStream) {
        let result = usage(of: stream) { 1 }
        #expect(result.usage == stream.expected)
        #expect(result.reports == (stream.expected == nil ? 0 : 1))
    }

    @Test("is found in pieces of any length, once", arguments: MeteredStream.table)
    func anyPieces(_ stream: MeteredStream) {
        var generator = SeededGenerator(seed: UInt64(stream.body.count))
        for _ in 0..<(stream.body.count > 10_000 ? 5 : 100) {
            let longest = Int.random(in: 1...60, using: &generator)
            let result = usage(of: stream) { Int.random(in: 0...longest, using: &generator) }
            #expect(result.usage == stream.expected)
            #expect(result.reports == (stream.expected == nil ? 0 : 1))
        }
    }

    @Test("is found in two pieces, split anywhere", arguments: MeteredStream.table.filter { $0.body.count < 2000 })
    func twoPieces(_ stream: MeteredStream) {
        for split in 0...stream.body.count {
            var lengths = [split, .max].makeIterator()
            #expect(usage(of: stream) { lengths.next() ?? .max }.usage == stream.expected)
        }
    }

    @Test(
        "is found where the response does not say what it is",
        arguments: MeteredStream.table.filter { $0.expected != nil })
    func unstated(_ stream: MeteredStream) {
        for length in [1, 7, .max] {
            let result = ResponseMeter.usage(of: stream.body, api: stream.api, format: nil) { length }
            #expect(result.usage == stream.expected && result.reports == 1)
        }
    }

    @Test("is found behind a byte order mark and white space", arguments: [1, 2, 5, .max] as [Int])
    func marked(length: Int) {
        let json = #"{"status":"completed","usage":{"input_tokens":7}}"#
        for format in [ResponseMeter.Format.json, nil] {
            let result = ResponseMeter.usage(
                of: Array("\u{FEFF}\r\n \(json)".utf8), api: .responses, format: format
            ) { length }
            #expect(result.usage == TokenUsage(ending: .completed, inputTokens: 7))
        }
        let html = Array("<html>{\(json)}</html>".utf8)
        #expect(ResponseMeter.usage(of: html, api: .responses, format: nil) { length }.usage == nil)
    }

    @Test("is reported with the brace that closes the event's JSON, before its line ends")
    func early() {
        let stream = "event: response.completed\ndata: {\"response\":{\"usage\":{\"input_tokens\":7}}}\n\n"
        let result = ResponseMeter.usage(of: Array(stream.utf8), api: .responses, format: .eventStream) { 1 }
        #expect(result.consumed == stream.utf8.count - 2)
    }

    @Test("waits for the name where the JSON has no type")
    func waits() {
        let stream = "data: {\"response\":{\"usage\":{\"input_tokens\":7}}}\nevent: response.completed\n\n"
        let result = ResponseMeter.usage(of: Array(stream.utf8), api: .responses, format: .eventStream) { 1 }
        #expect(result.consumed == stream.utf8.count - 1)
    }

    @Test("is found in an event of 200 MB, in constant memory")
    func huge() {
        var meter = ResponseMeter(api: .responses, format: .eventStream)
        let filler = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        #expect(meter.scan(Array("data: {\"type\":\"response.completed\",\"x\":\"".utf8).span) == nil)
        for _ in 0..<200 {
            #expect(meter.scan(filler.span) == nil)
        }
        let usage = meter.scan(Array("\",\"response\":{\"usage\":{\"input_tokens\":7}}}".utf8).span)
        #expect(usage == TokenUsage(ending: .completed, inputTokens: 7))
        #expect(MemoryLayout<ResponseMeter>.size < 1024)
    }

    private func usage(
        of stream: MeteredStream, pieces: () -> Int
    ) -> (usage: TokenUsage?, consumed: Int, reports: Int) {
        ResponseMeter.usage(of: stream.body, api: stream.api, format: stream.format, pieces: pieces)
    }
}
