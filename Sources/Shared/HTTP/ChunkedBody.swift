/// The chunked transfer coding, read as it comes (RFC 9112 section 7.1), in constant memory.
///
/// What it calls framing may be forwarded as it is, together with the data: without what it calls omitted, the
/// extensions and the trailer section, the stream is a chunked body again, wherever the reads were cut.
struct ChunkedBody: Sendable {
    /// Bytes of extensions in one body: nobody who means well sends any.
    static let maximumExtensions = 4 << 10
    /// Bytes of the trailer section.
    static let maximumTrailers = 8 << 10
    /// More digits do not fit 64 bits.
    static let maximumDigits = 16

    enum State: UInt8 {
        case size, sizeLineFeed
        case data, dataReturn, dataLineFeed
        case extensionName, extensionNameRest, extensionValue, extensionToken
        case extensionQuoted, extensionEscape, extensionQuotedEnd
        case trailerStart, trailerName, trailerValue, trailerLineFeed
        case lastLineFeed, complete
    }

    var state = State.size
    /// Bytes of extensions so far; in the trailer section, bytes of that.
    var omitted: UInt16 = 0
    /// The name of the trailer that is being read.
    var trailer = TokenBuffer()
    private var digits: UInt8 = 0
    /// The size that is being read, then what is left of the chunk.
    private var remaining: UInt64 = 0
    /// The sizes so far, together.
    private var announced: UInt64 = 0

    var isComplete: Bool { state == .complete }

    /// The next piece from `offset` on, nil when `bytes` end there or the body is complete.
    ///
    /// - Parameter limit: how much the body may hold. ``HTTPError/bodyTooLarge(limit:)`` comes with a chunk's size,
    ///   before its data.
    mutating func next(in bytes: Span<UInt8>, from offset: Int, limit: UInt64) throws(HTTPError) -> BodyPiece? {
        guard offset < bytes.count, state != .complete else { return nil }
        if state == .data {
            let count = Int(min(remaining, UInt64(bytes.count - offset)))
            remaining -= UInt64(count)
            if remaining == 0 { state = .dataReturn }
            return BodyPiece(kind: .data, range: offset..<offset + count)
        }
        if let end = try takeWholeLine(bytes, from: offset, limit: limit) {
            return BodyPiece(kind: .framing, range: offset..<end)
        }
        let isOmitted = omits(bytes[offset])
        var index = offset
        repeat {
            if isOmitted {
                try takeOmitted(bytes[index])
            } else {
                try takeFraming(bytes[index], limit: limit)
            }
            index += 1
        } while index < bytes.count && state != .data && state != .complete && omits(bytes[index]) == isOmitted
        return BodyPiece(kind: isOmitted ? .omitted : .framing, range: offset..<index)
    }

    /// Takes what stands between the data of two chunks in one go when it is all there, in its plain form; this is how
    /// nearly all of it comes. Otherwise it takes nothing, and the bytes are taken one by one.
    private mutating func takeWholeLine(
        _ bytes: Span<UInt8>, from offset: Int, limit: UInt64
    ) throws(HTTPError) -> Int? {
        var index = offset
        if state == .dataReturn {
            guard bytes.hasLineEnd(at: index) else { return nil }
            index += 2
            if index == bytes.count {
                state = .size
                return index
            }
        } else {
            guard state == .size, digits == 0 else { return nil }
        }
        let start = index
        var size: UInt64 = 0
        while index < bytes.count, let digit = bytes[index].hexValue {
            size = size &<< 4 | UInt64(digit)
            index += 1
        }
        guard index > start, index - start <= Self.maximumDigits, bytes.hasLineEnd(at: index) else { return nil }
        remaining = size
        try endSize(limit: limit)
        endSizeLine()
        return index + 2
    }

    /// A byte of the size line, of the CRLF after a chunk, or of the empty line at the end.
    private mutating func takeFraming(_ byte: UInt8, limit: UInt64) throws(HTTPError) {
        switch state {
        case .size:
            try takeSize(byte, limit: limit)
        case .dataReturn:
            guard byte == .carriageReturn else { throw .unterminatedChunk }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == .lineFeed else { throw .unterminatedChunk }
            state = .size
        case .sizeLineFeed:
            guard byte == .lineFeed else { throw .bareCarriageReturn }
            endSizeLine()
        case .lastLineFeed:
            guard byte == .lineFeed else { throw .bareCarriageReturn }
            state = .complete
        case .trailerStart:
            state = .lastLineFeed
        default:
            // What omits(_:) leaves: the carriage return after an extension.
            try endSize(limit: limit)
        }
    }

    private mutating func takeSize(_ byte: UInt8, limit: UInt64) throws(HTTPError) {
        if let value = byte.hexValue {
            guard digits < Self.maximumDigits else { throw .chunkSizeOverflow }
            digits += 1
            remaining = remaining << 4 | UInt64(value)
        } else if byte == .carriageReturn, digits > 0 {
            try endSize(limit: limit)
        } else {
            throw byte == .lineFeed && digits > 0 ? .bareLineFeed : .invalidChunkSize
        }
    }

    private mutating func endSize(limit: UInt64) throws(HTTPError) {
        let (sum, overflow) = announced.addingReportingOverflow(remaining)
        guard !overflow, sum <= UInt64(Int64.max) else { throw .chunkSizeOverflow }
        guard sum <= limit else { throw .bodyTooLarge(limit: limit) }
        announced = sum
        state = .sizeLineFeed
    }

    private mutating func endSizeLine() {
        digits = 0
        if remaining > 0 {
            state = .data
        } else {
            state = .trailerStart
            omitted = 0
        }
    }

    /// Whether the byte belongs to an extension or a trailer.
    private func omits(_ byte: UInt8) -> Bool {
        switch state {
        case .size: byte == UInt8(ascii: ";") && digits > 0
        case .extensionNameRest, .extensionToken, .extensionQuotedEnd, .trailerStart: byte != .carriageReturn
        case .extensionName, .extensionValue, .extensionQuoted, .extensionEscape: true
        case .trailerName, .trailerValue, .trailerLineFeed: true
        default: false
        }
    }
}

extension Span<UInt8> {
    /// Whether a CRLF stands at `index`.
    fileprivate func hasLineEnd(at index: Int) -> Bool {
        index + 1 < count && self[index] == .carriageReturn && self[index + 1] == .lineFeed
    }
}
