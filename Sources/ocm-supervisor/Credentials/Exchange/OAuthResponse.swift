internal import OCMHTTP

/// An answer of the OAuth server as it comes in, up to its end.
struct OAuthResponse {
    private let received: SecretBuffer
    private let body: SecretBuffer
    private var head = ResponseHead()
    private var headStart = 0
    private var reader: BodyReader?
    private var position = 0
    private(set) var retryAfter: String?

    init() {
        received = SecretBuffer(capacity: RecoveryCopy.maximumSize)
        body = SecretBuffer(capacity: RecoveryCopy.maximumSize)
    }

    /// Where to put what comes next; empty when more has come than an answer of the token endpoint has.
    var room: UnsafeMutableRawBufferPointer { unsafe received.room }

    /// So many bytes have been put into `room`.
    mutating func noteReceived(_ count: Int) throws(HTTPError) {
        received.noteFilled(count)
        try advance()
    }

    /// All of the answer is there.
    var isComplete: Bool { reader?.isComplete ?? false }

    /// All of it is there if the connection ends now.
    var isWholeAtClose: Bool { reader?.isWholeAtClose ?? false }

    var status: Int { head.status }

    func withBody<Result>(_ read: (Span<UInt8>) -> Result) -> Result {
        body.withBytes { read($0) }
    }

    /// What it means as the answer to an exchange of tokens.
    var result: ExchangeResult {
        body.withBytes { OAuthAnswer.result(status: head.status, body: $0, retryAfter: retryAfter) }
    }

    /// Bytes of an answer that were kept, whole or not. nil where it was cut off or is none.
    static func result(of answer: Secret) -> ExchangeResult? {
        var response = OAuthResponse()
        guard answer.count <= RecoveryCopy.maximumSize else { return nil }
        answer.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe response.room.copyMemory(from: $0) }
        }
        do throws(HTTPError) { try response.noteReceived(answer.count) } catch { return nil }
        return response.isWholeAtClose ? response.result : nil
    }

    private mutating func advance() throws(HTTPError) {
        if reader == nil { try readHead() }
        guard reader != nil else { return }
        let (start, kept) = (position, body)
        let end = try received.withBytes { bytes throws(HTTPError) in
            var offset = start
            while let piece = try reader?.next(in: bytes, from: offset) {
                offset = piece.range.upperBound
                if piece.kind == .data { kept.append(bytes.extracting(piece.range)) }
            }
            return offset
        }
        position = end
    }

    /// Interim answers are passed over.
    private mutating func readHead() throws(HTTPError) {
        let source = received
        try source.withBytes { bytes throws(HTTPError) in
            while reader == nil {
                let rest = bytes.extracting(droppingFirst: headStart)
                guard let length = try head.parse(rest, answering: .post) else { return }
                if head.isInterim {
                    headStart += length
                    continue
                }
                if let field = head.field(.retryAfter) {
                    let value = rest.extracting(field.value)
                    retryAfter = String(decoding: value.indices.map { value[$0] }, as: UTF8.self)
                }
                position = headStart + length
                reader = try BodyReader(head.framing, limit: UInt64(RecoveryCopy.maximumSize))
            }
        }
    }
}
