/// Requests that few people send and everyone must understand.
enum UnusualRequests {
    static let all: [String] =
        requestLines.map { "\($0)\r\nHost: h\r\n\r\n" }
        + fields.map { "GET / HTTP/1.1\r\nHost: h\r\n\($0)\r\n\r\n" }
        + hosts.map { "GET / HTTP/1.1\r\n\($0)\r\n\r\n" }
        + chunks.map { "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\($0)" }
        + whole

    static let requestLines = [
        "GET / HTTP/1.1", "HEAD / HTTP/1.1", "POST / HTTP/1.1", "PUT / HTTP/1.1", "DELETE / HTTP/1.1",
        "PATCH / HTTP/1.1",
        "OPTIONS / HTTP/1.1", "OPTIONS * HTTP/1.1", "OPTIONS * HTTP/1.0", "GET / HTTP/1.0",
        "GET //double HTTP/1.1", "GET /// HTTP/1.1", "GET /. HTTP/1.1", "GET /.. HTTP/1.1", "GET /a/../b HTTP/1.1",
        "GET /%2e%2e/ HTTP/1.1", "GET /%00 HTTP/1.1", "GET /% HTTP/1.1", "GET /%zz HTTP/1.1", "GET /%C3%A9 HTTP/1.1",
        "GET /? HTTP/1.1", "GET /?? HTTP/1.1", "GET /?a?b HTTP/1.1", "GET /?a=b&c=d;e HTTP/1.1", "GET /?/../ HTTP/1.1",
        "GET /a:b@c HTTP/1.1", "GET /:80 HTTP/1.1", "GET /http://h/ HTTP/1.1", "GET /;p=1;q HTTP/1.1",
        "GET /a+b HTTP/1.1",
        "GET /!$&'()*+,;=:@ HTTP/1.1", "GET /-._~ HTTP/1.1", "GET /[x] HTTP/1.1", "GET /{x} HTTP/1.1",
        "GET /a|b HTTP/1.1",
        "GET /\"x\" HTTP/1.1", "GET /<x> HTTP/1.1", "GET /a\\b HTTP/1.1", "GET /a^b HTTP/1.1", "GET /a`b HTTP/1.1",
        "GET /HTTP/1.1 HTTP/1.1", "GET http://h HTTP/1.1", "GET http://h/ HTTP/1.1", "GET http://h:80/a?b HTTP/1.1",
        "GET https://h.example:8443/v1 HTTP/1.1", "GET http://h?q=1 HTTP/1.1", "GET http://[::1]/ HTTP/1.1",
        "GET http://[2001:db8::1]:80/x HTTP/1.1", "GET HTTP://H/ HTTP/1.1", "GET http://other/ HTTP/1.1",
        "GET http://127.0.0.1:1/ HTTP/1.0", "GET /\(String(repeating: "a", count: 2000)) HTTP/1.1",
    ]

    static let fields = [
        "A:", "A: ", "A:\t", "A: \t \t", "A:b", "A:  b", "A:\tb\t", "A: b ", "A: b\tc", "A: b  c", "A: :", "A: b:c",
        "A: ,", "A: \"",
        "A: \"unclosed", "A: (comment", "A: \\", "A: \u{e9}", "A: \u{20ac}\u{1F600}", "A: ;", "A: =", "a: b", "a_b: c",
        "_: x", "-: x",
        "1: x", "!: x", "#$%&'*+-.^_`|~: x", "A.B: c", "A'B: c", "~~~: x", "A: b\r\nA: c", "A: b\r\na: c\r\nA: b",
        "A: HTTP/1.1 200 OK",
        "A: GET / HTTP/1.1", "\(String(repeating: "n", count: 500)): x", "A: \(String(repeating: "v", count: 2000))",
        "Connection: close", "Connection: keep-alive", "Connection: KEEP-ALIVE", "Connection: close, keep-alive",
        "Connection: ,",
        "Connection:", "Connection: , close ,", "Connection: foo, bar", "Connection: close\r\nConnection: keep-alive",
        "Connection: closed", "Connection: keep-alive,\tTE\r\nTE: trailers", "Connection: upgrade", "Upgrade: h2c",
        "Keep-Alive: timeout=5, max=100", "Proxy-Connection: close", "TE: trailers, deflate;q=0.5", "Trailer: X",
        "Content-Length: 0",
        "Content-Length: 000", "Content-Length:0", "content-LENGTH: 0", "Content-Length: 0 ", "Content-Length:\t0",
        "Content-Lengths: 5", "Content-Length-X: 5", "Content_Length: 5", "X-Content-Length: 5",
        "Transfer-Encodings: chunked",
        "Transfer_Encoding: chunked", "X-Transfer-Encoding: chunked", "Expect: 100-continue", "Expect: nothing",
        "Cookie: a=b; c=\"d\"", "Authorization: Bearer a.b-c_d~e+f/g==", "X-Forwarded-For: 1.2.3.4, ::1", "Via: 1.1 p",
        "Date: now",
        "Host-X: y", "Accept: */*;q=0.1, text/*", "User-Agent: a/1 (b; c) d/2", "If-None-Match: W/\"x\", \"y\"",
        "Range: bytes=0-1,-5",
        "X-Codex-Turn-Metadata: {\"a\":[1,2,{\"b\":\"c\\\"d\"}]}", "session_id: 0199f0a1-7a3c-7c62-9a55-2f3f4d5e6a7b",
    ]

    static let hosts = [
        "Host:h", "HOST: h", "hOsT:\th\t", "Host:", "Host: ", "Host: h:80", "Host: h:", "Host: H.Example.COM.",
        "Host: 127.0.0.1:8080", "Host: [::1]", "Host: [::1]:8080", "Host: a_b-c~d",
        "Host: xn--9caa.example", "Host: %C3%A9", "A: b\r\nHost: h\r\nC: d", "Host: [v1.x:y]",
    ]

    static let chunks = [
        "0\r\n\r\n", "00\r\n\r\n", "0000000000000000\r\n\r\n", "1\r\na\r\n0\r\n\r\n", "01\r\na\r\n0\r\n\r\n",
        "a\r\n0123456789\r\n0\r\n\r\n", "A\r\n0123456789\r\n0\r\n\r\n", "0a\r\n0123456789\r\n00\r\n\r\n",
        "2\r\n\r\n\r\n0\r\n\r\n", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", "4\r\nGET \r\n0\r\n\r\n", "1\r\n\u{0}\r\n0\r\n\r\n",
        "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", "10\r\n0123456789abcdef\r\n0\r\n\r\n",
        "1F\r\n\(String(repeating: "x", count: 31))\r\n0\r\n\r\n",
        "7d0\r\n\(String(repeating: "x", count: 2000))\r\n0\r\n\r\n", "000000000000001\r\na\r\n0\r\n\r\n",
        "1;a\r\nx\r\n0\r\n\r\n", "1;a=b\r\nx\r\n0\r\n\r\n", "1;a=\"b\"\r\nx\r\n0\r\n\r\n",
        "1;a=\"b;c=d\"\r\nx\r\n0\r\n\r\n",
        "1;a;b\r\nx\r\n0\r\n\r\n", "1;a=b;c=d\r\nx\r\n0\r\n\r\n", "0;a\r\n\r\n", "0;a=b\r\n\r\n",
        "1;a=\"\"\r\nx\r\n0\r\n\r\n",
        "1;!#$%&'*+-.^_`|~=1\r\nx\r\n0\r\n\r\n", "1;a=\"b c\"\r\nx\r\n0\r\n\r\n", "1;a=\"\\\"\"\r\nx\r\n0\r\n\r\n",
        "0\r\nA: b\r\n\r\n", "0\r\nA:\r\n\r\n", "0\r\nA: b\r\nC: d\r\nA: e\r\n\r\n", "1\r\nx\r\n0\r\nA:\tb \r\n\r\n",
        "0\r\nContent-Lengths: 5\r\n\r\n", "0\r\n\(String(repeating: "n", count: 300)): x\r\n\r\n",
        "0\r\nX: GET / HTTP/1.1\r\n\r\n", "0;a=b\r\nA: b\r\n\r\n",
    ]

    /// Whole messages, some with another one behind.
    static let whole = [
        "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
        "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
        "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 005\r\n\r\nhello",
        "DELETE / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 4\r\nHost: h\r\n\r\n0\r\n\r",
        "POST / HTTP/1.1\r\nHost: h\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTRANSFER-ENCODING:\tCHUNKED \r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /3 HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nGETGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nGET\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
        "GET / HTTP/1.1\r\n\((1...199).map { "f\($0): \($0)\r\n" }.joined())Host: h\r\n\r\n",
    ]
}
