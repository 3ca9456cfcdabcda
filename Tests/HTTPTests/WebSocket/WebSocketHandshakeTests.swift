import Testing

@testable import OCMHTTP

@Suite("The opening handshake")
struct WebSocketHandshakeTests {
    static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    static let offer = [
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(key)",
    ]

    struct Unexpected: Error {}

    private func opening(
        _ fields: [String], line: String = "GET /v1/responses HTTP/1.1"
    ) throws -> Result<WebSocketOpening, WebSocketOpening.Refusal> {
        let bytes = Array(([line, "Host: a"] + fields + ["", ""]).joined(separator: "\r\n").utf8)
        var head = RequestHead()
        #expect(try head.parse(bytes.span) == bytes.count)
        return Result { () throws(WebSocketOpening.Refusal) in try WebSocketOpening(head, of: bytes.span) }
    }

    private func acceptance(
        _ fields: [String], version: String = "HTTP/1.1", subprotocols: String = ""
    ) throws -> Result<String?, WebSocketAcceptance.Fault> {
        let bytes = Array((["\(version) 101 Switching Protocols"] + fields + ["", ""]).joined(separator: "\r\n").utf8)
        var head = ResponseHead()
        #expect(try head.parse(bytes.span, answering: .get) == bytes.count)
        let text = Array(Self.key.utf8)
        guard let key = WebSocketKey(text.span) else { throw Unexpected() }
        return Result { () throws(WebSocketAcceptance.Fault) in
            let acceptance = try WebSocketAcceptance(
                head, of: bytes.span, key: key, subprotocols: Array(subprotocols.utf8))
            return acceptance.subprotocol.map { String(decoding: bytes[$0.bounds], as: UTF8.self) }
        }
    }

    @Test(
        "of a client is taken",
        arguments: [
            [], ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"], ["Content-Length: 0"],
            ["Connection: keep-alive, x-y"], ["Origin: http://example.com"],
        ])
    func taken(_ more: [String]) throws {
        let opening = try opening(Self.offer + more).get()
        #expect(opening.key.text == Array(Self.key.utf8))
        #expect(opening.subprotocols == [])
    }

    @Test("of a client is taken in any case of letters")
    func anyCase() throws {
        let fields = [
            "upgrade: foo, WebSocket", "connection: keep-alive, UPGRADE", "SEC-WEBSOCKET-VERSION: 13",
            "sec-websocket-key:   \(Self.key)  ",
        ]
        #expect(try opening(fields).get().key.text == Array(Self.key.utf8))
    }

    @Test("names the subprotocols, in order")
    func subprotocols() throws {
        let fields = ["Sec-WebSocket-Protocol: chat, Super.Chat", "sec-websocket-protocol: ,x"]
        #expect(try opening(Self.offer + fields).get().subprotocols == Array("chat, Super.Chat, x".utf8))
    }

    @Test(
        "of a client is refused where it is not one",
        arguments: [
            (0, [], WebSocketOpening.Refusal.noOffer), (1, [], .noOffer), (2, [], .unsupportedVersion),
            (2, ["Sec-WebSocket-Version: 8"], .unsupportedVersion),
            (2, ["Sec-WebSocket-Version: 13, 8"], .unsupportedVersion),
            (nil, ["Sec-WebSocket-Version: 13"], .unsupportedVersion), (3, [], .invalidKey),
            (3, ["Sec-WebSocket-Key: "], .invalidKey), (3, ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ="], .invalidKey),
            (3, ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE2"], .invalidKey),
            (3, ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q=="], .invalidKey),
            (nil, ["Sec-WebSocket-Key: \(key)"], .invalidKey),
            (nil, ["Sec-WebSocket-Protocol: a b"], .invalidSubprotocol), (nil, ["Content-Length: 5"], .body),
            (nil, ["Transfer-Encoding: chunked"], .body),
        ] as [(Int?, [String], WebSocketOpening.Refusal)])
    func refused(_ left: Int?, _ more: [String], _ refusal: WebSocketOpening.Refusal) throws {
        var fields = Self.offer
        if let left { fields.remove(at: left) }
        #expect(try opening(fields + more) == .failure(refusal))
    }

    @Test("is a GET of HTTP/1.1", arguments: ["POST / HTTP/1.1", "GET / HTTP/1.0"])
    func line(_ line: String) throws {
        #expect(try opening(Self.offer, line: line) == .failure(.noOffer))
    }

    @Test("of another version is answered with the one that is supported")
    func version() {
        var output: [UInt8] = []
        WebSocketOpening.Refusal.unsupportedVersion.response.write(answering: .get, into: &output)
        let text = String(decoding: output, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
        #expect(text.contains("\r\nupgrade: websocket\r\n"))
        #expect(text.contains("\r\nconnection: upgrade, close\r\n"))
        #expect(text.contains("\r\nsec-websocket-version: 13\r\n"))
    }

    static let accepted = [
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ]

    @Test(
        "is accepted by the server",
        arguments: [
            ([], nil), (["Sec-WebSocket-Extensions:"], nil), (["Sec-WebSocket-Protocol: b"], "b"),
            (["X-Codex-Turn-State: x"], nil),
        ] as [([String], String?)])
    func accepted(_ more: [String], _ subprotocol: String?) throws {
        #expect(try acceptance(Self.accepted + more, subprotocols: "a, b") == .success(subprotocol))
    }

    @Test(
        "is not accepted by what is no such answer",
        arguments: [
            (0, [], WebSocketAcceptance.Fault.noUpgrade), (0, ["Upgrade: h2c"], .noUpgrade), (1, [], .noUpgrade),
            (1, ["Connection: close"], .noUpgrade), (2, [], .wrongAccept),
            (2, ["Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO="], .wrongAccept),
            (2, ["Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO="], .wrongAccept),
            (nil, ["Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="], .wrongAccept),
            (nil, ["Sec-WebSocket-Extensions: permessage-deflate"], .negotiatedExtension),
            (nil, ["Sec-WebSocket-Protocol: c"], .wrongSubprotocol),
            (nil, ["Sec-WebSocket-Protocol: A"], .wrongSubprotocol),
            (nil, ["Sec-WebSocket-Protocol: a, b"], .wrongSubprotocol),
            (nil, ["Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: a"], .wrongSubprotocol),
        ] as [(Int?, [String], WebSocketAcceptance.Fault)])
    func notAccepted(_ left: Int?, _ more: [String], _ fault: WebSocketAcceptance.Fault) throws {
        var fields = Self.accepted
        if let left { fields.remove(at: left) }
        #expect(try acceptance(fields + more, subprotocols: "a, b") == .failure(fault))
    }

    @Test("is accepted in HTTP/1.1 only")
    func acceptedVersion() throws {
        #expect(try acceptance(Self.accepted, version: "HTTP/1.0") == .failure(.noUpgrade))
    }

    @Test("of our own is one that we would take, and accept")
    func own() throws {
        let key = WebSocketKey()
        var request = Array("GET / HTTP/1.1\r\nhost: a\r\n".utf8)
        WebSocketHandshake.writeOffer(key, subprotocols: Array("a, b".utf8), into: &request)
        HeadWriter.end(into: &request)
        var head = RequestHead()
        #expect(try head.parse(request.span) == request.count)
        let opening = try WebSocketOpening(head, of: request.span)
        #expect(opening.key == key)
        #expect(opening.subprotocols == Array("a, b".utf8))
        var response: [UInt8] = []
        WebSocketHandshake.writeAcceptance(of: opening, subprotocol: Array("b".utf8).span, into: &response)
        HeadWriter.end(into: &response)
        var answer = ResponseHead()
        #expect(try answer.parse(response.span, answering: .get) == response.count)
        #expect(answer.status == 101)
        _ = try WebSocketAcceptance(answer, of: response.span, key: key, subprotocols: opening.subprotocols)
        #expect(key != WebSocketKey())
    }

    @Test("rests on SHA-1, by the vectors of RFC 3174 and FIPS 180-2")
    func sha1() {
        for (message, digest) in [
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
            ), (String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
            (
                String(repeating: "0123456701234567012345670123456701234567012345670123456701234567", count: 10),
                "dea356a2cddd90c7a7ecedc5ebb563934f460452"
            ),
        ] {
            let bytes = SHA1.digest(of: Array(message.utf8).span)
            #expect(bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == digest)
        }
    }
}
