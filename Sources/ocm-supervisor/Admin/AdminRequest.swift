import OCMHTTP

/// What an operator asks for.
struct AdminRequest: Equatable, Sendable {
    let method: Method
    /// Without a query.
    let path: String
    /// What follows the `?`, undecoded; empty where there is none.
    let query: String
    let body: [UInt8]
}

/// Puts a request together from the bytes that come in.
struct AdminRequestReader {
    private var received: [UInt8] = []
    private var head = RequestHead()
    private var request: (method: Method, path: String, query: String)?
    private var body: [UInt8] = []
    private var reader: BodyReader?

    /// Far more than any client of this socket sends.
    static let headLimits = HeadLimits(bytes: 16 << 10, fields: 100)
    static let longestBody: UInt64 = 64 << 10

    /// Takes what has come.
    ///
    /// - Returns: the request as soon as it is whole. What follows it is not looked at.
    mutating func take(_ bytes: Span<UInt8>) throws(HTTPError) -> AdminRequest? {
        for index in bytes.indices { received.append(bytes[index]) }
        if reader == nil { try readHead() }
        try readBody()
        guard let request, let reader, reader.isComplete else { return nil }
        return AdminRequest(method: request.method, path: request.path, query: request.query, body: body)
    }

    private mutating func readHead() throws(HTTPError) {
        let bytes = received
        guard let length = try head.parse(bytes.span, limits: Self.headLimits) else { return }
        let target = bytes[head.path.bounds].split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        let parts = target.map { String(decoding: $0, as: UTF8.self) }
        request = (head.method, parts.first ?? "", parts.count > 1 ? parts[1] : "")
        reader = try BodyReader(head.framing, limit: Self.longestBody)
        received.removeFirst(length)
    }

    private mutating func readBody() throws(HTTPError) {
        let bytes = received
        var offset = 0
        while let piece = try reader?.next(in: bytes.span, from: offset) {
            if piece.kind == .data { body += bytes[piece.range] }
            offset = piece.range.upperBound
        }
        received.removeFirst(offset)
    }
}
