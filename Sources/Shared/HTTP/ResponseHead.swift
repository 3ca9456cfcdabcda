/// The head of an answer, as ranges of its bytes; used again like ``RequestHead``.
package struct ResponseHead: Sendable {
    /// 100 to 999.
    package private(set) var status = 0
    /// May be empty.
    package private(set) var reason = ByteRange.empty
    package private(set) var version = HTTPVersion.http11
    package private(set) var framing = BodyFraming.none
    /// Whether the connection can take another request after this answer (RFC 9112 section 9.3).
    package private(set) var keepsAlive = false

    private var section = FieldSection()
    private var lines = LineCutter()
    private var phase = Phase.complete

    private enum Phase {
        case statusLine
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

    /// Whether another head follows: 1xx, but for 101, which ends HTTP on the connection.
    package var isInterim: Bool { status < 200 && status != 101 }

    /// Reads a head from the beginning of `bytes`, as ``RequestHead/parse(_:limits:)`` does.
    ///
    /// - Parameter method: that of the request that is answered, which decides whether there is a body.
    package mutating func parse(
        _ bytes: Span<UInt8>, answering method: Method, limits: HeadLimits = HeadLimits()
    ) throws(HTTPError) -> Int? {
        if phase == .complete { start() }
        do throws(HTTPError) {
            while let line = try lines.next(in: bytes, limits: limits) {
                if phase == .statusLine {
                    try takeStatusLine(line, of: bytes)
                    phase = .fields
                } else if line.isEmpty {
                    return try complete(bytes, answering: method)
                } else {
                    try section.add(line, isClean: lines.isClean, of: bytes, limits: limits)
                }
            }
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

    private mutating func start() {
        section.reset()
        lines = LineCutter()
        phase = .statusLine
    }

    private mutating func complete(_ bytes: Span<UInt8>, answering method: Method) throws(HTTPError) -> Int {
        section.finish(bytes)
        framing = try bodyFraming(answering: method)
        keepsAlive = section.keepsAlive(version) && framing != .untilClose && status != 101
        phase = .complete
        return lines.lineStart
    }

    /// RFC 9112 section 6.3
    private func bodyFraming(answering method: Method) throws(HTTPError) -> BodyFraming {
        if section.isChunked, version < .http11 { throw .transferEncodingInHTTP10 }
        if status < 200 || status == 204 {
            guard !section.isChunked else { throw .transferEncodingWithoutBody }
            return .none
        }
        if method == .head || status == 304 { return .none }
        if section.isChunked { return .chunked }
        return section.contentLength.map { .length($0) } ?? .untilClose
    }
}

extension ResponseHead {
    /// HTTP-version SP status-code SP [reason-phrase] (RFC 9112 section 4). Servers that leave out an empty reason tend
    /// to leave out its space.
    private mutating func takeStatusLine(_ line: Range<Int>, of bytes: Span<UInt8>) throws(HTTPError) {
        let end = bytes.endOfFieldContent(in: line)
        guard end == line.upperBound else {
            throw bytes[end] == .carriageReturn ? .bareCarriageReturn : .malformedStatusLine
        }
        guard line.count >= 12, bytes[line.lowerBound + 8] == .space else { throw .malformedStatusLine }
        version = try HTTPVersion(line.prefix(8), of: bytes, malformed: .malformedStatusLine)
        status = 0
        for index in line.lowerBound + 9..<line.lowerBound + 12 {
            guard bytes[index].isDigit else { throw .malformedStatusLine }
            status = status * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        guard status >= 100 else { throw .malformedStatusLine }
        guard line.count > 12 else {
            reason = .empty
            return
        }
        guard bytes[line.lowerBound + 12] == .space else { throw .malformedStatusLine }
        reason = ByteRange(line.dropFirst(13))
    }
}
