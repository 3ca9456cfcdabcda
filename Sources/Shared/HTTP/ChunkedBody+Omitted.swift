// What a chunked body may carry beside its data, checked and dropped.

extension ChunkedBody {
    mutating func takeOmitted(_ byte: UInt8) throws(HTTPError) {
        omitted += 1
        switch state {
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed:
            guard omitted <= Self.maximumTrailers else { throw .trailersTooLarge(limit: Self.maximumTrailers) }
            try takeTrailer(byte)
        default:
            guard omitted <= Self.maximumExtensions else {
                throw .chunkExtensionsTooLarge(limit: Self.maximumExtensions)
            }
            try takeExtension(byte)
        }
    }

    /// chunk-ext (RFC 9112 section 7.1.1), without the "bad" white space that it permits.
    private mutating func takeExtension(_ byte: UInt8) throws(HTTPError) {
        switch state {
        case .size:
            state = .extensionName
        case .extensionName, .extensionNameRest:
            if byte.isTokenByte {
                state = .extensionNameRest
            } else if byte == UInt8(ascii: "="), state == .extensionNameRest {
                state = .extensionValue
            } else {
                try separateExtensions(byte, isAllowed: state == .extensionNameRest)
            }
        case .extensionValue, .extensionToken:
            if byte.isTokenByte {
                state = .extensionToken
            } else if byte == UInt8(ascii: "\""), state == .extensionValue {
                state = .extensionQuoted
            } else {
                try separateExtensions(byte, isAllowed: state == .extensionToken)
            }
        case .extensionQuoted:
            if byte == UInt8(ascii: "\"") {
                state = .extensionQuotedEnd
            } else if byte == UInt8(ascii: "\\") {
                state = .extensionEscape
            } else {
                guard byte.isFieldByte else { throw .invalidChunkExtension }
            }
        case .extensionEscape:
            guard byte.isFieldByte else { throw .invalidChunkExtension }
            state = .extensionQuoted
        default:
            try separateExtensions(byte, isAllowed: true)
        }
    }

    private mutating func separateExtensions(_ byte: UInt8, isAllowed: Bool) throws(HTTPError) {
        guard isAllowed, byte == UInt8(ascii: ";") else { throw .invalidChunkExtension }
        state = .extensionName
    }

    /// trailer-section (RFC 9112 section 7.1.2): the same field lines as in a head.
    private mutating func takeTrailer(_ byte: UInt8) throws(HTTPError) {
        switch state {
        case .trailerStart:
            trailer = TokenBuffer()
            state = .trailerName
            try takeTrailerName(byte, isFirst: true)
        case .trailerName:
            try takeTrailerName(byte, isFirst: false)
        case .trailerValue:
            if byte == .carriageReturn {
                state = .trailerLineFeed
            } else {
                guard byte.isFieldByte else { throw byte == .lineFeed ? .bareLineFeed : .invalidTrailer }
            }
        default:
            guard byte == .lineFeed else { throw .bareCarriageReturn }
            state = .trailerStart
        }
    }

    private mutating func takeTrailerName(_ byte: UInt8, isFirst: Bool) throws(HTTPError) {
        if byte.isTokenByte {
            trailer.append(byte)
        } else {
            guard byte == UInt8(ascii: ":"), !isFirst else { throw .invalidTrailer }
            guard FieldNameTable.shared[trailer.folded].isTrailer else { throw .forbiddenTrailer }
            state = .trailerValue
        }
    }
}
