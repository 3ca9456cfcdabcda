extension UInt8 {
    static let lineFeed = UInt8(ascii: "\n")
}

// How names and values stand in the log's forms.
extension [UInt8] {
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    mutating func append(all bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    mutating func append(decimal number: UInt64) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var start = 20
        var rest = number
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        for index in start..<20 { append(digits[index]) }
    }

    /// As it is where it is plain, else as a JSON string. `quoting`: a space, too, is not plain, nor is nothing.
    mutating func append(text: Span<UInt8>, quoting: Bool) {
        var isPlain = !(quoting && text.isEmpty)
        for index in text.indices {
            let byte = text[index]
            if byte < 0x20 || byte == 0x7f || byte >= 0x80 || (quoting && (byte == 0x20 || byte == 0x22)) {
                isPlain = false
                break
            }
        }
        if isPlain { return append(all: text) }
        let string = Self.repaired(text)
        let isPrintable = string.utf8.allSatisfy {
            $0 >= 0x20 && $0 != 0x7f && (!quoting || ($0 != 0x20 && $0 != 0x22))
        }
        if isPrintable, !(quoting && text.isEmpty) { self += string.utf8 } else { appendQuoted(string) }
    }

    /// As a JSON string (RFC 8259 section 7).
    mutating func append(json text: Span<UInt8>) {
        for index in text.indices {
            let byte = text[index]
            guard byte >= 0x20, byte < 0x7f, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else {
                return appendQuoted(Self.repaired(text))
            }
        }
        append(UInt8(ascii: "\""))
        append(all: text)
        append(UInt8(ascii: "\""))
    }

    private mutating func appendQuoted(_ text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case .lineFeed: append("\\n")
            case UInt8(ascii: "\r"): append("\\r")
            case UInt8(ascii: "\t"): append("\\t")
            case 0..<0x20, 0x7f:
                append(byte < 0x10 ? "\\u000" : "\\u00")
                self += String(byte, radix: 16).utf8
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    /// Text of strangers need not be UTF-8; the log is.
    private static func repaired(_ text: Span<UInt8>) -> String {
        unsafe text.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// A field of the journal's: with its length where its text has a line end, and else in one line.
    mutating func append(journalName name: Span<UInt8>, value: Span<UInt8>) {
        append(journalName: name)
        var hasLineEnd = false
        for index in value.indices where value[index] == .lineFeed { hasLineEnd = true }
        if hasLineEnd {
            append(.lineFeed)
            for shift in 0..<8 { append(UInt8(truncatingIfNeeded: UInt64(value.count) >> (8 * UInt64(shift)))) }
        } else {
            append(UInt8(ascii: "="))
        }
        append(all: value)
        append(.lineFeed)
    }

    /// `OCM_` and the key in capitals: names have capitals, digits and underscores, at most 64 of them.
    mutating func append(journalName key: Span<UInt8>) {
        append("OCM_")
        for index in 0..<Swift.min(key.count, 60) {
            switch key[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): append(key[index] & 0xdf)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): append(key[index])
            default: append(UInt8(ascii: "_"))
            }
        }
    }
}
