import OCMHTTP

/// A rule by which ours refuses what llhttp takes, with the section that gives it (of RFC 9112, where no other is named)
/// and messages that show it. What both refuse needs no rule here.
struct Rule {
    let error: HTTPError
    let section: String
    let requests: [String]
    let responses: [String]

    private init(_ error: HTTPError, _ section: String, requests: [String] = [], responses: [String] = []) {
        self.error = error
        self.section = section
        self.requests = requests
        self.responses = responses
    }

    /// A rule about what follows the head of a chunked request.
    private init(_ error: HTTPError, _ section: String, chunks: [String]) {
        self.init(
            error, section,
            requests: chunks.map { "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\($0)" })
    }

    static let all = lines + framing + hosts + chunked + limits

    private static let lines = [
        Rule(
            .malformedRequestLine, "3: single spaces; 2.2: one empty line before it",
            requests: [
                "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "GET /  HTTP/1.1\r\nHost: h\r\n\r\n",
                "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
            ]),
        Rule(
            .malformedStatusLine, "4, and nothing before it",
            responses: [
                "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 O\u{0}K\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 \u{7f}\r\nContent-Length: 0\r\n\r\n",
            ]),
        Rule(
            .bareLineFeed, "2.2: before the start line",
            requests: ["\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"],
            responses: ["\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]),
        Rule(
            .bareCarriageReturn, "2.2: before the start line",
            requests: ["\rGET / HTTP/1.1\r\nHost: h\r\n\r\n"],
            responses: ["\rHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]),
        Rule(
            .unknownMethod, "RFC 9110, 9.1: a closed list",
            requests: [
                "TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n",
                "PROPFIND / HTTP/1.1\r\nHost: h\r\n\r\n",
            ]),
        Rule(
            .invalidTarget, "3.2",
            requests: [
                "GET /#f HTTP/1.1\r\nHost: h\r\n\r\n", "GET * HTTP/1.1\r\nHost: h\r\n\r\n",
                "GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
                "GET http://h:x/ HTTP/1.1\r\nHost: h\r\n\r\n", "GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n",
            ]),
    ]

    private static let framing = [
        Rule(
            .unsupportedTransferEncoding, "6.1: no coding but chunked",
            requests: [
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: , chunked\r\n\r\n0\r\n\r\n",
            ],
            responses: [
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                "HTTP/1.1 304 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            ]),
        Rule(
            .transferEncodingInHTTP10, "6.1",
            requests: ["POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
            responses: ["HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]),
        Rule(
            .transferEncodingWithoutBody, "6.1",
            responses: [
                "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
                "HTTP/1.1 102 Processing\r\nTransfer-Encoding: chunked\r\n\r\n",
            ]),
    ]

    private static let hosts = [
        Rule(.missingHost, "3.2", requests: ["GET / HTTP/1.1\r\n\r\n", "GET http://h/ HTTP/1.1\r\n\r\n"]),
        Rule(.repeatedHost, "3.2", requests: ["GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"]),
        Rule(
            .invalidHost, "3.2",
            requests: [
                "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n",
            ]),
        Rule(
            .repeatedAuthorization, "RFC 9110, 5.3 and 11.6.2",
            requests: ["GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n"]),
    ]

    private static let chunked = [
        Rule(
            .chunkSizeOverflow, "7.1: 16 digits, and a length that others can represent",
            chunks: ["00000000000000001\r\nx\r\n0\r\n\r\n", "8000000000000000\r\n", "ffffffffffffffff\r\n"]),
        Rule(
            .invalidChunkExtension, "7.1.1",
            chunks: ["1;a=\r\nx\r\n0\r\n\r\n", "1;=a\r\nx\r\n0\r\n\r\n", "1;a=\"\u{7f}\"\r\nx\r\n0\r\n\r\n"]),
        Rule(
            .forbiddenTrailer, "RFC 9110, 6.5.1",
            chunks: ["0\r\nHost: h\r\n\r\n", "0\r\nConnection: close\r\n\r\n", "0\r\nTE: x\r\n\r\n"]),
    ]

    private static let limits = [
        Rule(
            .chunkExtensionsTooLarge(limit: 4096), "7.1.1: a limit",
            chunks: ["1;\(String(repeating: "a", count: 4096))\r\nx\r\n0\r\n\r\n"]),
        Rule(
            .trailersTooLarge(limit: 8192), "7.1.2: a limit",
            chunks: ["0\r\nA: \(String(repeating: "a", count: 8192))\r\n\r\n"]),
        Rule(
            .headTooLarge(limit: 65536), "RFC 6585, 5",
            requests: ["GET / HTTP/1.1\r\nHost: h\r\nA: \(String(repeating: "a", count: 65536))\r\n\r\n"]),
        Rule(
            .tooManyFields(limit: 200), "RFC 6585, 5",
            requests: ["GET / HTTP/1.1\r\nHost: h\r\n\(String(repeating: "A: b\r\n", count: 200))\r\n"]),
        Rule(
            .tooManyConnectionOptions(limit: 32), "RFC 6585, 5",
            requests: ["GET / HTTP/1.1\r\nHost: h\r\nConnection: \(String(repeating: "a,", count: 33))\r\n\r\n"]),
    ]
}
