import OCMHTTP
import Testing

@Suite struct HeadWriterTests {
    private func text(_ write: (inout [UInt8]) throws -> Void) rethrows -> String {
        var output: [UInt8] = []
        try write(&output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func `a request is written with the fields of another`() throws {
        let bytes = [UInt8]("POST /v1/responses HTTP/1.1\r\nHost: h\r\nX-A:\tb \r\nx_b:c\r\nTE: trailers\r\n\r\n")
        var head = RequestHead()
        _ = try head.parse(bytes.span)
        let credential = try Field(name: "Authorization", value: "Bearer t")
        let written = try text { output in
            try HeadWriter.requestLine(
                head.method, prefix: [UInt8]("/backend-api/codex").span,
                target: bytes.span.extracting(head.path).extracting(3...),
                into: &output)
            HeadWriter.field("host", "chatgpt.com", into: &output)
            for field in head.fields where !field.isHopByHop && field.id != .host {
                HeadWriter.field(field, of: bytes.span, into: &output)
            }
            HeadWriter.field(credential, into: &output)
            HeadWriter.framing(.length(12), into: &output)
            HeadWriter.end(into: &output)
        }
        #expect(
            written == """
                POST /backend-api/codex/responses HTTP/1.1\r
                host: chatgpt.com\r
                X-A: b\r
                x_b: c\r
                Authorization: Bearer t\r
                content-length: 12\r
                \r

                """)
    }

    @Test(arguments: ["/a b", "/a\r\nX: y", "/a\u{0}", "/\u{e9}", "/a\n"])
    func `a target that would end its line is not written`(target: String) {
        var output: [UInt8] = []
        #expect(throws: HTTPError.invalidTarget) {
            try HeadWriter.requestLine(.get, prefix: [UInt8]().span, target: [UInt8](target).span, into: &output)
        }
        #expect(throws: HTTPError.invalidTarget) {
            try HeadWriter.requestLine(.get, prefix: [UInt8](target).span, target: [UInt8]().span, into: &output)
        }
        #expect(output.isEmpty)
    }

    @Test func `an answer keeps the reason that it came with`() throws {
        let bytes = [UInt8]("HTTP/1.0 299 Odd one\r\n\r\n")
        var head = ResponseHead()
        _ = try head.parse(bytes.span, answering: .get)
        #expect(text { HeadWriter.statusLine(of: head, in: bytes.span, into: &$0) } == "HTTP/1.1 299 Odd one\r\n")
        #expect(text { HeadWriter.statusLine(431, into: &$0) } == "HTTP/1.1 431 Request Header Fields Too Large\r\n")
        #expect(text { HeadWriter.statusLine(299, into: &$0) } == "HTTP/1.1 299 \r\n")
    }

    @Test(arguments: [
        (BodyFraming.none, ""), (.untilClose, ""), (.chunked, "transfer-encoding: chunked\r\n"),
        (.length(0), "content-length: 0\r\n"), (.length(.max), "content-length: 18446744073709551615\r\n"),
    ])
    func `the framing is announced`(framing: BodyFraming, field: String) {
        #expect(text { HeadWriter.framing(framing, into: &$0) } == field)
    }

    @Test(arguments: [(1, "1\r\n"), (15, "f\r\n"), (16, "10\r\n"), (0x1A4, "1a4\r\n"), (.max, "7fffffffffffffff\r\n")])
    func `the size of a chunk is written in hexadecimal`(count: Int, size: String) {
        #expect(text { ChunkWriter.begin(count, into: &$0) } == size)
    }

    @Test func `a written body is read again`() throws {
        var output: [UInt8] = []
        for data in ["hello", " ", String(repeating: "x", count: 1000)] {
            ChunkWriter.begin(data.utf8.count, into: &output)
            output += data.utf8
            ChunkWriter.end(into: &output)
        }
        ChunkWriter.last(into: &output)
        let reading = try readBody([output])
        #expect(reading.data == [UInt8]("hello " + String(repeating: "x", count: 1000)))
        #expect(reading.forwarded == output && reading.isComplete)
    }

    @Test(arguments: [
        ("", "v", HTTPError.emptyFieldName), ("a b", "v", .invalidFieldName), ("a:", "v", .invalidFieldName),
        ("a\r\n", "v", .invalidFieldName), ("\u{e9}", "v", .invalidFieldName), ("a", "v\r\nb: c", .invalidFieldValue),
        ("a", "v\n", .invalidFieldValue), ("a", "\r", .invalidFieldValue), ("a", "\u{0}", .invalidFieldValue),
        ("a", "\u{7f}", .invalidFieldValue),
    ])
    func `a field that would not stay one line can't be made`(name: String, value: String, error: HTTPError) {
        #expect(throws: error) { try Field(name: name, value: value) }
    }

    @Test func `a field of our own is written trimmed and shows no value`() throws {
        let field = try Field(name: "X-Name", value: " a\tb\u{e9} ")
        #expect(text { HeadWriter.field(field, into: &$0) } == "X-Name: a\tb\u{e9}\r\n")
        #expect("\(field)" == "X-Name")
        #expect(String(reflecting: field) == "X-Name")
        #expect(try Field(name: "authorization", value: "x").id == .authorization)
    }

    @Test func `a field of our own knows the fields that it replaces`() throws {
        let bytes = [UInt8]("GET / HTTP/1.1\r\nhost: h\r\nx-NAME: 1\r\nx-name2: 2\r\nuser-agent: 3\r\n\r\n")
        var head = RequestHead()
        _ = try head.parse(bytes.span)
        let own = try Field(name: "X-Name", value: "v")
        #expect(head.fields.map { own.names($0, in: bytes.span) } == [false, true, false, false])
        let agent = try Field(name: "User-Agent", value: "v")
        #expect(head.fields.map { agent.names($0, in: bytes.span) } == [false, false, false, true])
    }
}
