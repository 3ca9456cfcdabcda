/// The head of a request, as ranges of its bytes.
///
/// One value is used again and again: its memory for fields is kept. Nothing in it refers to the bytes, which the
/// caller keeps for as long as it needs the ranges.
package struct RequestHead: Sendable {
    package private(set) var method = Method.get
    /// The target as it was written.
    package private(set) var target = ByteRange.empty
    /// Path and query: the target, or what follows the authority of an absolute one (then it may be empty or begin
    /// with `?`). `*` for a request about the whole server.
    package private(set) var path = ByteRange.empty
    /// Host and port of an absolute target; empty for the usual form.
    package private(set) var authority = ByteRange.empty
    package private(set) var version = HTTPVersion.http11
    package private(set) var framing = BodyFraming.none
    /// Whether the client will send another request on this connection (RFC 9112 section 9.3).
    package private(set) var keepsAlive = false
    /// Whether the client waits for a 100 before it sends the body (RFC 9110 section 10.1.1).
    package private(set) var expectsContinue = false
    /// Whether the client offers to go on with WebSocket (RFC 6455 section 4.1: method, version and both fields; the
    /// key is not looked at).
    package private(set) var offersWebSocket = false

    private var section = FieldSection()
    private var lines = LineCutter()
    private var phase = Phase.complete

    private enum Phase {
        case requestLine
        /// One empty line before the request line was passed over (RFC 9112 section 2.2).
        case requestLineAfterEmptyLine
        case fields
        /// The next call starts a new head.
        case complete
    }

    package init() {}

    package var fields: [FieldLine] { section.lines }

    /// The first field of that name.
    package func field(_ id: FieldName) -> FieldLine? {
        section.lines.first { $0.id == id }
    }

    /// Reads a head from the beginning of `bytes`. All ranges count from there.
    ///
    /// - Returns: the number of bytes of the head with its empty line, or nil when `bytes` end before it does: then
    ///   call again with the same bytes and more. What has been looked at is not looked at again. The call after a
    ///   head was complete or refused starts a new one.
    package mutating func parse(
        _ bytes: Span<UInt8>, limits: HeadLimits = HeadLimits()
    ) throws(HTTPError) -> Int? {
        if phase == .complete { start() }
        do throws(HTTPError) {
            while let line = try lines.next(in: bytes, limits: limits) {
                if phase == .fields {
                    if line.isEmpty { return try complete(bytes) }
                    try section.add(line, isClean: lines.isClean, of: bytes, limits: limits)
                } else if !line.isEmpty {
                    try takeRequestLine(line, of: bytes)
                    phase = .fields
                } else {
                    guard phase == .requestLine else { throw .malformedRequestLine }
                    phase = .requestLineAfterEmptyLine
                }
            }
            try refuseForeignProtocol(bytes)
            return nil
        } catch {
            phase = .complete
            throw error
        }
    }

    /// Gives a head up that is not complete: the next call starts a new one.
    package mutating func reset() {
        phase = .complete
    }

    /// What begins like no method is refused at its first byte: TLS, say, whose line end may never come.
    private func refuseForeignProtocol(_ bytes: Span<UInt8>) throws(HTTPError) {
        guard phase == .requestLine, lines.lineStart < bytes.count else { return }
        let first = bytes[lines.lineStart]
        guard first.isTokenByte || first == .carriageReturn else {
            throw first == .space ? .malformedRequestLine : .invalidMethod
        }
    }

    private mutating func start() {
        section.reset()
        lines = LineCutter()
        phase = .requestLine
    }

    private mutating func complete(_ bytes: Span<UInt8>) throws(HTTPError) -> Int {
        try checkHost(bytes)
        guard !section.hasManyAuthorizations else { throw .repeatedAuthorization }
        guard !section.isChunked || version == .http11 else { throw .transferEncodingInHTTP10 }
        section.finish(bytes)
        framing =
            if section.isChunked {
                .chunked
            } else if let length = section.contentLength {
                .length(length)
            } else {
                .none
            }
        keepsAlive = section.keepsAlive(version)
        expectsContinue = section.expectsContinue && version == .http11
        offersWebSocket =
            section.offersWebSocket && section.connection.contains(.upgrade) && method == .get && version == .http11
        phase = .complete
        return lines.lineStart
    }
}

extension RequestHead {
    /// RFC 9112 section 3.2: one Host in HTTP/1.1, at most one in HTTP/1.0, and a valid one; empty is valid.
    private func checkHost(_ bytes: Span<UInt8>) throws(HTTPError) {
        guard let host = section.host else {
            guard version < .http11 else { throw .missingHost }
            return
        }
        guard !section.hasManyHosts else { throw .repeatedHost }
        guard host.value.isEmpty || bytes.isAuthority(host.value.bounds) else { throw .invalidHost }
    }

    /// method SP request-target SP HTTP-version (RFC 9112 section 3)
    private mutating func takeRequestLine(_ line: Range<Int>, of bytes: Span<UInt8>) throws(HTTPError) {
        let endOfMethod = bytes.endOfToken(in: line)
        try Self.requireSpace(at: endOfMethod, line, of: bytes, else: .invalidMethod)
        let endOfTarget = bytes.endOfVisible(in: line.suffix(from: endOfMethod + 1))
        try Self.requireSpace(at: endOfTarget, line, of: bytes, else: .invalidTarget)
        let name = line.prefix(upTo: endOfMethod)
        guard !name.isEmpty, endOfTarget > endOfMethod + 1 else { throw .malformedRequestLine }
        version = try HTTPVersion(line.suffix(from: endOfTarget + 1), of: bytes, malformed: .malformedRequestLine)
        guard let method = Method(name, of: bytes) else { throw .unknownMethod }
        self.method = method
        try takeTarget(endOfMethod + 1..<endOfTarget, of: bytes)
    }

    private static func requireSpace(
        at index: Int, _ line: Range<Int>, of bytes: Span<UInt8>, else error: HTTPError
    ) throws(HTTPError) {
        guard index < line.upperBound else { throw .malformedRequestLine }
        if bytes[index] == .carriageReturn { throw .bareCarriageReturn }
        guard bytes[index] == .space else { throw error }
    }

    /// The forms of a target (RFC 9112 section 3.2).
    private mutating func takeTarget(_ range: Range<Int>, of bytes: Span<UInt8>) throws(HTTPError) {
        guard bytes.firstIndex(of: UInt8(ascii: "#"), in: range) == nil else { throw .invalidTarget }
        target = ByteRange(range)
        authority = .empty
        path = target
        if bytes[range.lowerBound] == UInt8(ascii: "/") { return }
        if method == .options, bytes.equals("*", in: range) { return }
        let start: Int
        if bytes.equalsIgnoringCase("http://", in: range.prefix(7)) {
            start = range.lowerBound + 7
        } else if bytes.equalsIgnoringCase("https://", in: range.prefix(8)) {
            start = range.lowerBound + 8
        } else {
            throw .invalidTarget
        }
        let rest = range.suffix(from: start)
        let end = rest.first { bytes[$0] == UInt8(ascii: "/") || bytes[$0] == UInt8(ascii: "?") } ?? range.upperBound
        guard bytes.isAuthority(start..<end) else { throw .invalidTarget }
        authority = ByteRange(start..<end)
        path = ByteRange(end..<range.upperBound)
    }
}
