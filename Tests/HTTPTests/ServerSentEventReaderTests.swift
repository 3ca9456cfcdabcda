import Testing

@testable import OCMHTTP

@Suite("A stream of server-sent events")
struct ServerSentEventReaderTests {
    /// What the reader makes of a stream: `N:` a name, `D:` the data of one line, `+` a further line, `.` an end.
    private func pieces(_ bytes: [UInt8], length: Int, skip: String? = nil) -> String {
        var reader = ServerSentEventReader()
        var result = ""
        var isInData = false
        for start in stride(from: 0, to: bytes.count, by: length) {
            let part = bytes.span.extracting(start..<min(start + length, bytes.count))
            var position = 0
            loop: while true {
                let piece = reader.next(in: part, at: &position)
                switch piece {
                case .data(let range):
                    if !isInData { result += "D:" }
                    isInData = true
                    result += text(part.extracting(range))
                    continue
                case .starved: break loop
                case .name:
                    let name = text(reader.name(in: part))
                    result += "N:\(name)"
                    if name == skip { reader.skipEvent() }
                case .dataBreak: result += "+"
                case .end: result += "."
                }
                isInData = false
            }
        }
        return result
    }

    private func text(_ bytes: Span<UInt8>) -> String {
        String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }

    @Test(
        "is taken apart, however it is split",
        arguments: [
            ("data: a\n\n", "D:a."), ("data: a\r\n\r\n", "D:a."), ("data: a\r\rdata: b\r\r", "D:a.D:b."),
            ("event: x\ndata: a\ndata: b\n\n", "N:xD:a+D:b."), ("event: x\r\ndata: a\r\n\r\n", "N:xD:a\r."),
            ("event:x\rdata:a\r\r", "N:xD:a."), ("\u{FEFF}data: a\n\n", "D:a."), ("\u{FEFF}\u{FEFF}data: a\n\n", "."),
            (":c\n\ndata: a", ".D:a"), ("data\ndata\n\n", "+."), ("data\r\ndata\r\n\r\n", "+."),
            ("data\rdata\r\r", "+."),
            ("event\n\n", "N:."), ("event\r\n\r\n", "N:."), ("event:\r\n\r\n", "N:."), ("data:  a\n\n", "D: a."),
            ("datax: a\neventx: a\ndat\neven\n d: a\n\n", "."), ("id: 1\nretry: 2\n\n", "."),
            ("\ndata: a\rdata: b\n\n", ".D:a\rdata: b."), ("\n\r\n\r\r\n", ".."), ("event\rx\ndata\rx\n\n", "N:."),
            ("\nevent\rx\ndata\rx\n\n", ".."), ("data: a\r\ndata: b\n\r\n", "D:a+D:b."),
        ])
    func pieces(_ stream: String, _ expected: String) {
        for length in [1000, 1, 2, 3, 5] {
            #expect(pieces(Array(stream.utf8), length: length) == expected, "\(length)")
        }
    }

    @Test("gives nothing of an event that is skipped", arguments: ["\n", "\r\n", "\r"])
    func skipped(_ lineEnd: String) {
        let stream = ["event: x", "data: 1", ":", "event: y", "data: 2", "", "data: 3", ""].joined(separator: lineEnd)
        let expected = "N:xD:3" + (lineEnd == "\r\n" ? "\r" : "")
        for length in [1000, 1, 2, 3, 5] {
            #expect(pieces(Array(stream.utf8), length: length, skip: "x") == expected, "\(length)")
        }
    }

    @Test("is left between two events by the short way of skipping", arguments: ["\n", "\r\n"])
    func skippedAtOnce(_ lineEnd: String) {
        let event = ["event: x", "data: 1", "", ""].joined(separator: lineEnd)
        let stream = Array((event + event + "data: 2" + lineEnd).utf8)
        for split in event.utf8.count..<(2 * event.utf8.count) {
            var reader = ServerSentEventReader()
            var position = 0
            let first = stream.span.extracting(0..<split)
            // The first event shows how lines end.
            while position < event.utf8.count { _ = reader.next(in: first, at: &position) }
            #expect(reader.isBetweenEvents)
            if position < split { reader.skipEvent(in: first, at: &position) } else { reader.skipEvent() }
            while position < first.count { _ = reader.next(in: first, at: &position) }
            let rest = stream.span.extracting(split..<stream.count)
            position = 0
            guard case .data(let range) = reader.next(in: rest, at: &position) else {
                Issue.record("no data behind the skipped event, split at \(split)")
                continue
            }
            #expect(rest[range.lowerBound] == UInt8(ascii: "2"))
        }
    }

    @Test("may have a name of any length")
    func longName() {
        let name = String(repeating: "n", count: 200)
        #expect(pieces(Array("event: \(name)\n".utf8), length: 1000) == "N:\(name)")
        #expect(pieces(Array("event: \(name)\n".utf8), length: 7) == "N:\(name.prefix(BoundedText.capacity))")
    }
}
