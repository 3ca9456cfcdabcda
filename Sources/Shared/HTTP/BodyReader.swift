/// Finds the body in the bytes that follow a head, for each way of framing (RFC 9112 section 6.3), without a copy.
///
/// ```
/// var offset = endOfHead
/// while let piece = try body.next(in: bytes, from: offset) {
///     offset = piece.range.upperBound
///     …
/// }
/// ```
/// Then `offset` is where the bytes end or, when ``isComplete``, the first byte of the next message. To forward a chunked
/// body as it is, forward all pieces but the omitted ones; in any other framing, forward the data.
package struct BodyReader: Sendable {
    package let framing: BodyFraming
    /// Bytes of the body so far, without their framing.
    package private(set) var received: UInt64 = 0
    private let limit: UInt64
    private var chunks = ChunkedBody()

    /// - Parameter limit: how many bytes the body may have.
    /// - Throws: ``HTTPError/bodyTooLarge(limit:)`` when the head announces more; in a chunked body or one that is
    ///   delimited by the end of the connection, ``next(in:from:)`` throws it, before it gives out the bytes above.
    package init(_ framing: BodyFraming, limit: UInt64 = .max) throws(HTTPError) {
        if case .length(let length) = framing, length > limit { throw .bodyTooLarge(limit: limit) }
        self.framing = framing
        self.limit = limit
    }

    /// Whether the last byte of the body has been seen. A body that the end of the connection delimits never is.
    package var isComplete: Bool {
        switch framing {
        case .none: true
        case .length(let length): received == length
        case .chunked: chunks.isComplete
        case .untilClose: false
        }
    }

    /// Whether the body is whole if the connection ends now; else it was cut off (RFC 9112 section 8).
    package var isWholeAtClose: Bool {
        framing == .untilClose || isComplete
    }

    /// The next piece of the body from `offset` on; nil when `bytes` end there, or the body did.
    package mutating func next(in bytes: Span<UInt8>, from offset: Int) throws(HTTPError) -> BodyPiece? {
        let available = bytes.count - offset
        switch framing {
        case .chunked:
            let piece = try chunks.next(in: bytes, from: offset, limit: limit)
            if let piece, piece.kind == .data { received += UInt64(piece.range.count) }
            return piece
        case .none:
            return nil
        case .length(let length):
            return data(from: offset, count: Int(min(length - received, UInt64(available))))
        case .untilClose:
            guard UInt64(available) <= limit - received else { throw .bodyTooLarge(limit: limit) }
            return data(from: offset, count: available)
        }
    }

    private mutating func data(from offset: Int, count: Int) -> BodyPiece? {
        guard count > 0 else { return nil }
        received += UInt64(count)
        return BodyPiece(kind: .data, range: offset..<offset + count)
    }
}
