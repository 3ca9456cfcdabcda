import OCMHTTP
import Testing

@Suite struct ResponseHeadTests {
    @Test func `an answer of the API is read as it was written`() throws {
        let text = """
            HTTP/1.1 200 OK, all \u{e9}\r
            Content-Type: text/event-stream\r
            Transfer-Encoding: chunked\r
            x-codex-primary-used-percent: 12\r
            Set-Cookie: a=b\r
            openai-model: gpt-5.5\r
            \r
            5\r
            """
        let reading = try #require(try readResponse(text))
        #expect(reading.status == 200)
        #expect(reading.reason == "OK, all \u{e9}")
        #expect(reading.framing == .chunked)
        #expect(reading.keepsAlive)
        #expect(reading.fields.map(\.id) == [.contentType, .transferEncoding, .xCodex, .setCookie, .openAIModel])
        #expect(reading.length == text.utf8.count - 2)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n\r\n", "OK"), ("HTTP/1.1 200 \r\n\r\n", ""), ("HTTP/1.1 200\r\n\r\n", ""),
        ("HTTP/1.1 200  two\tparts \r\n\r\n", " two\tparts "), ("HTTP/1.0 999 Odd\r\n\r\n", "Odd"),
    ])
    func `the reason is what stands there`(text: String, reason: String) throws {
        #expect(try readResponse(text)?.reason == reason)
    }

    @Test(arguments: [
        ("200", "Content-Length: 5", Method.get, BodyFraming.length(5)),
        ("200", "Content-Length: 5", .head, .none),
        ("200", "Transfer-Encoding: chunked", .head, .none),
        ("200", "A: b", .head, .none),
        ("304", "Content-Length: 5", .get, .none),
        ("304", "Transfer-Encoding: chunked", .get, .none),
        ("204", "Content-Length: 0", .delete, .none),
        ("103", "Link: x", .get, .none),
        ("101", "Upgrade: websocket", .get, .none),
        ("200", "A: b", .get, .untilClose),
        ("404", "Content-Length: 0", .post, .length(0)),
        ("500", "Transfer-Encoding: Chunked", .post, .chunked),
    ])
    func `the body is framed by status, method and fields`(
        status: String, field: String, method: Method, framing: BodyFraming
    ) throws {
        let reading = try readResponse("HTTP/1.1 \(status) R\r\n\(field)\r\n\r\n", answering: method)
        #expect(reading?.framing == framing)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", true),
        ("HTTP/1.1 204 No Content\r\n\r\n", true),
        ("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", false),
    ])
    func `the connection can be used again as version, Connection and framing say`(
        text: String, keepsAlive: Bool
    ) throws {
        #expect(try readResponse(text)?.keepsAlive == keepsAlive)
    }

    @Test func `an interim answer is followed by another`() throws {
        for (status, isInterim) in [(100, true), (103, true), (101, false), (200, false)] {
            var head = ResponseHead()
            _ = try head.parse([UInt8]("HTTP/1.1 \(status) R\r\n\r\n").span, answering: .get)
            #expect(head.isInterim == isInterim)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\nConnection: x, close\r\nX: y\r\n\r\n",
        "HTTP/1.0 302 \r\nLocation:\r\n\r\n",
    ])
    func `however an answer is cut, it is read the same`(text: String) throws {
        let whole = try #require(try readResponse(text))
        for delivery in Delivery.all(text.utf8.count) {
            #expect(try readResponse(text, answering: .get, delivery) == whole)
        }
        for count in 0..<whole.length {
            #expect(try readResponse(String(decoding: text.utf8.prefix(count), as: UTF8.self)) == nil)
        }
    }

    private static func field(_ line: String) -> String { "HTTP/1.1 200 OK\r\n\(line)\r\n\r\n" }

    static let refused: [(String, HTTPError)] = [
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1  200 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 20 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 2000 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 099 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 2x0 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 200\tOK\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1 200 O\u{0}K\r\n\r\n", .malformedStatusLine),
        ("HTTP/1.1\r\n\r\n", .malformedStatusLine),
        ("<html><body>\r\n\r\n", .malformedStatusLine),
        ("http/1.1 200 OK\r\n\r\n", .malformedStatusLine),
        ("HTTP/2.0 200 OK\r\n\r\n", .unsupportedVersion),
        ("HTTP/1.1 200 O\rK\r\n\r\n", .bareCarriageReturn),
        ("HTTP/1.1 200 OK\n\n", .bareLineFeed),
        (field("A: b\r\n c"), .foldedField),
        (field("A : b"), .whitespaceBeforeColon),
        (field("Content-Length: 5\r\nContent-Length: 5"), .repeatedContentLength),
        (field("Content-Length: 5\r\nTransfer-Encoding: chunked"), .contentLengthWithTransferEncoding),
        (field("Transfer-Encoding: gzip"), .unsupportedTransferEncoding),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
        ("HTTP/1.1 204 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingWithoutBody),
        ("HTTP/1.1 100 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingWithoutBody),
    ]

    @Test(arguments: refused)
    func `an answer that breaks a rule is refused by its name, however it is cut`(text: String, error: HTTPError) {
        for delivery in Delivery.all(text.utf8.count) {
            #expect(throws: error, "\(delivery)") { try readResponse(text, answering: .get, delivery) }
        }
    }
}
