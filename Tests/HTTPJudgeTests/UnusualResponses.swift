/// Answers that few servers give and everyone must understand; after each the connection ends.
enum UnusualResponses {
    static let all: [String] =
        statusLines.map { "\($0)\r\nContent-Length: 0\r\n\r\n" }
        + fields.map { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\($0)\r\n\r\nok" }
        + bodies

    /// In answer to HEAD.
    static let toHead = [
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n",
    ]

    static let statusLines = [
        "HTTP/1.1 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200", "HTTP/1.0 200 OK", "HTTP/1.0 200", "HTTP/1.1 200  OK",
        "HTTP/1.1 200 OK ",
        "HTTP/1.1 200 O\tK", "HTTP/1.1 200 \u{e9}t\u{e9}", "HTTP/1.1 200 200", "HTTP/1.1 200 HTTP/1.1 200 OK",
        "HTTP/1.1 299 Odd",
        "HTTP/1.1 400 Bad: Request", "HTTP/1.1 418 I'm a teapot", "HTTP/1.1 429 Too Many Requests",
        "HTTP/1.1 451 \"law\"",
        "HTTP/1.1 500 \\", "HTTP/1.1 599 x", "HTTP/1.1 600 x", "HTTP/1.1 999 x",
        "HTTP/1.1 200 \(String(repeating: "r", count: 1000))",
    ]

    static let fields = [
        "A:", "A:b", "A:\tb \t", "A: b\tc", "A: \u{e9}", "a_b: c", "!#$%&'*+-.^_`|~: x", "A: b\r\nA: c",
        "Set-Cookie: a=b\r\nSet-Cookie: c=d",
        "Connection: close", "Connection: keep-alive", "Connection: close, x", "Connection: ,",
        "Connection: upgrade\r\nUpgrade: h2c",
        "Upgrade: h2, h2c", "Keep-Alive: timeout=5", "Alt-Svc: h3=\":443\"; ma=86400",
        "Date: Sun, 06 Nov 1994 08:49:37 GMT",
        "X-Codex-Primary-Used-Percent: 12.5", "Retry-After: 120", "Trailer: X", "TE: x", "Content-Lengths: 9",
        "Content_Length: 9",
        "X-Transfer-Encoding: chunked", "Server:", "ETag: \"\"", "CF-Ray: 0-X",
        "A: \(String(repeating: "v", count: 2000))",
    ]

    static let bodies = [
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nuntil the end",
        "HTTP/1.0 200 OK\r\n\r\nuntil\r\n\r\nthe end",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nend",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 0002\r\n\r\nok", "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=\"y\"\r\no\r\n01\r\nk\r\n000\r\nA: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nd\r\ndata: {\"a\":1}\r\n0\r\n\r\n",
        "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n3\r\nerr\r\n0\r\nx: y\r\n\r\n",
        "HTTP/1.1 401 No\r\nContent-Length: 9\r\nContent-Type: application/json\r\n\r\n{\"a\":\"b\"}",
    ]
}
