extension SourceReader {
    /// A string, the quote at its beginning being the next byte (RFC 8259 section 7).
    mutating func string(at path: SourcePath) throws(SourceError) -> String {
        let start = index
        var bytes: [UInt8] = []
        index += 1
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                bytes.append(contentsOf: String(try escape(at: path)).utf8)
            case 0..<0x20:
                throw error(.controlCharacter, path: path)
            default:
                bytes.append(byte)
                index += 1
            }
        }
        throw unexpectedEnd(inside: "a string", from: start, path: path)
    }

    private mutating func escape(at path: SourcePath) throws(SourceError) -> Character {
        let start = index
        index += 1
        defer { index += 1 }
        switch peek {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Character(try unicodeEscape(from: start, path: path))
        default: throw error(.badEscape, at: start, path: path)
        }
    }

    /// The scalar of `u` and four digits, or of two such escapes that form a surrogate pair; ends on the last digit.
    private mutating func unicodeEscape(from start: Int, path: SourcePath) throws(SourceError) -> Unicode.Scalar {
        let first = try hexadecimal(from: start, path: path)
        if let scalar = Unicode.Scalar(first) { return scalar }
        index += 1
        guard UTF16.isLeadSurrogate(first), skip("\\") else { throw error(.loneSurrogate, at: start, path: path) }
        guard peek == UInt8(ascii: "u") else { throw error(.loneSurrogate, at: start, path: path) }
        let second = try hexadecimal(from: index - 1, path: path)
        guard UTF16.isTrailSurrogate(second) else { throw error(.loneSurrogate, at: start, path: path) }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private mutating func hexadecimal(from start: Int, path: SourcePath) throws(SourceError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            index += 1
            guard let byte = peek, byte < 0x80, let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw error(.badEscape, at: start, path: path) }
            value = value << 4 | UInt16(digit)
        }
        return value
    }

    /// A number, as it is written (RFC 8259 section 6).
    mutating func number(at path: SourcePath) throws(SourceError) -> String {
        let start = index
        _ = skip("-")
        let hasLeadingZero = peek == UInt8(ascii: "0")
        let digits = skipDigits()
        var isValid = digits == 1 || (digits > 1 && !hasLeadingZero)
        if skip(".") { isValid = skipDigits() > 0 && isValid }
        if skip("e") || skip("E") {
            if !skip("+") { _ = skip("-") }
            isValid = skipDigits() > 0 && isValid
        }
        let isWhole = peek.map { !Self.continuesWord($0) } ?? true
        guard isValid, isWhole else { throw error(.badNumber, at: start, path: path) }
        return String(decoding: source.bytes[start..<index], as: UTF8.self)
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
        return index - start
    }
}
