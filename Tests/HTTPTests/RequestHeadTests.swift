import OCMHTTP
import Testing

@Suite struct RequestHeadTests {
    @Test func `a turn of Codex is read as it was written`() throws {
        let text = """
            POST /v1/responses HTTP/1.1\r
            Host: 127.0.0.1:8080\r
            authorization: Bearer sk-1\r
            session_id: abc\r
            X-Codex-Turn-State:\t\u{e9}tat \t\r
            content-length: 12\r
            x-empty:\r
            \r
            {"model":"m"}
            """
        let reading = try #require(try readRequest(text))
        #expect(reading.method == .post)
        #expect(reading.target == "/v1/responses")
        #expect(reading.path == "/v1/responses")
        #expect(reading.authority == "")
        #expect(reading.version == .http11)
        #expect(reading.framing == .length(12))
        #expect(reading.keepsAlive)
        #expect(!reading.expectsContinue)
        #expect(!reading.offersWebSocket)
        #expect(
            reading.fields.map(\.name) == [
                "Host", "authorization", "session_id", "X-Codex-Turn-State", "content-length", "x-empty",
            ])
        #expect(reading.fields.map(\.value) == ["127.0.0.1:8080", "Bearer sk-1", "abc", "\u{e9}tat", "12", ""])
        #expect(reading.fields.map(\.id) == [.host, .authorization, .other, .xCodex, .contentLength, .other])
        #expect(reading.length == text.utf8.count - 13)
    }

    @Test(arguments: [
        ("GET /v1/models?client_version=0.163.0 HTTP/1.1\r\nHost: h\r\n\r\n", "/v1/models?client_version=0.163.0", ""),
        ("GET http://h/v1/models HTTP/1.1\r\nHost: h\r\n\r\n", "/v1/models", "h"),
        ("GET HTTPS://h:1/v1 HTTP/1.1\r\nHost: other\r\n\r\n", "/v1", "h:1"),
        ("GET http://[::1]:80?q HTTP/1.1\r\nHost: h\r\n\r\n", "?q", "[::1]:80"),
        ("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", "", "h"),
        ("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "*", ""),
        ("GET //h/v1 HTTP/1.1\r\nHost: h\r\n\r\n", "//h/v1", ""),
    ])
    func `path and authority are found in every form of target`(
        text: String, path: String, authority: String
    ) throws {
        let reading = try #require(try readRequest(text))
        #expect(reading.path == path)
        #expect(reading.authority == authority)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: Keep-Alive, CLOSE\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: x\r\nConnection: ,close,\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: closed\r\n\r\n", true),
        ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false),
    ])
    func `the connection persists as version and Connection say`(text: String, keepsAlive: Bool) throws {
        #expect(try readRequest(text)?.keepsAlive == keepsAlive)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", BodyFraming.none),
        ("POST / HTTP/1.1\r\nHost: h\r\n\r\n", .none),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", .length(0)),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 007\r\n\r\n", .length(7)),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n", .length(.max)),
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", .chunked),
        ("POST / HTTP/1.1\r\nHost: h\r\ntransfer-encoding:\tCHUNKED \r\n\r\n", .chunked),
        ("POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n", .length(5)),
    ])
    func `the body is framed as the fields say`(text: String, framing: BodyFraming) throws {
        #expect(try readRequest(text)?.framing == framing)
    }

    @Test(arguments: [
        ("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n\r\n", true),
        ("POST / HTTP/1.1\r\nHost: h\r\nExpect: something\r\n\r\n", false),
        ("POST / HTTP/1.0\r\nHost: h\r\nExpect: 100-continue\r\n\r\n", false),
    ])
    func `only a client of HTTP/1.1 waits for a 100`(text: String, expects: Bool) throws {
        #expect(try readRequest(text)?.expectsContinue == expects)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, upgrade\r\nUpgrade: h2c, websocket\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", false),
        ("POST / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", false),
    ])
    func `WebSocket is offered by a GET with both fields`(text: String, offers: Bool) throws {
        #expect(try readRequest(text)?.offersWebSocket == offers)
    }

    @Test func `what Connection names is hop by hop, host and length are not`() throws {
        let text = """
            GET / HTTP/1.1\r
            host: h\r
            x-one: 1\r
            X-Two: 2\r
            content-length: 0\r
            connection: X-TWO, host, close, content-length, absent\r
            te: trailers\r
            proxy-connection: keep-alive\r
            keep-alive: timeout=5\r
            x-two: again\r
            \r

            """
        let fields = try #require(try readRequest(text)).fields
        let marked = fields.filter(\.isHopByHop).map(\.name)
        #expect(marked == ["X-Two", "connection", "te", "proxy-connection", "keep-alive", "x-two"])
    }

    @Test func `one empty line before the request is passed over, and counted`() throws {
        let reading = try #require(try readRequest("\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n"))
        #expect(reading.target == "/a")
        #expect(reading.length == 30)
    }

    @Test func `one head after the other is read with the same value`() throws {
        var head = RequestHead()
        let first = try readRequest([UInt8]("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n"), with: &head)
        let second = try readRequest([UInt8]("GET /b HTTP/1.0\r\n\r\n"), with: &head)
        #expect(first?.framing == .length(1))
        #expect(first?.fields.count == 2)
        #expect(second?.framing == BodyFraming.none)
        #expect(second?.fields.isEmpty == true)
        #expect(second?.keepsAlive == false)
    }

    @Test func `a refused head and one that was given up leave nothing behind`() throws {
        var head = RequestHead()
        #expect(throws: HTTPError.repeatedHost) {
            try readRequest([UInt8]("GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"), with: &head)
        }
        #expect(try readRequest([UInt8]("GET /a HTTP/1.1\r\nHost: h\r\nContent-Le"), with: &head) == nil)
        head.reset()
        let reading = try #require(try readRequest([UInt8]("GET /b HTTP/1.1\r\nHost: i\r\n\r\n"), with: &head))
        #expect(reading.fields.map(\.value) == ["i"])
    }

    @Test(arguments: RequestTable.accepted)
    func `however a head is cut, it is read the same`(text: String) throws {
        let whole = try #require(try readRequest(text))
        for delivery in Delivery.all(text.utf8.count) {
            #expect(try readRequest(text, delivery) == whole, "\(delivery)")
        }
        for count in 0..<whole.length {
            #expect(try readRequest(String(decoding: text.utf8.prefix(count), as: UTF8.self)) == nil, "\(count)")
        }
    }
}
