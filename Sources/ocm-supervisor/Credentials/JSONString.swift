/// The strings of JSON: escapes undone and made.
enum JSONString {
    /// What a literal that `JSONOutline` has checked says, quotes included in `literal`.
    static func decoded(_ literal: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(literal.count)
        decode(literal) { bytes.append($0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same, into memory that will be zeroed.
    static func secret(_ literal: Span<UInt8>) -> Secret {
        // An escape is never shorter than what it stands for.
        Secret(capacity: literal.count) { output in
            decode(literal) { output.append($0) }
        }
    }

    /// A literal of `text`, quotes included; only what must be escaped is.
    static func encode(_ text: Span<UInt8>, into output: inout OutputSpan<UInt8>) {
        output.append(UInt8(ascii: "\""))
        for index in text.indices {
            let byte = text[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            } else if byte < 0x20 {
                for digit in "\\u00".utf8 { output.append(digit) }
                output.append(hexadecimalDigit(byte >> 4))
                output.append(hexadecimalDigit(byte & 15))
            } else {
                output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// The same, by itself.
    static func literal(_ text: Secret) -> Secret {
        Secret(capacity: encodedBound(text.count)) { output in
            text.withBytes { encode($0, into: &output) }
        }
    }

    /// Bytes that `encode` writes at most for `count` bytes.
    static func encodedBound(_ count: Int) -> Int { count * 6 + 2 }

    static func hexadecimal(_ digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(digit - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(digit - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func decode(_ literal: Span<UInt8>, _ emit: (UInt8) -> Void) {
        var index = 1
        while index < literal.count - 1 {
            let byte = literal[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                emit(byte)
                continue
            }
            let escape = literal[index]
            index += 1
            switch escape {
            case UInt8(ascii: "b"): emit(0x08)
            case UInt8(ascii: "f"): emit(0x0c)
            case UInt8(ascii: "n"): emit(0x0a)
            case UInt8(ascii: "r"): emit(0x0d)
            case UInt8(ascii: "t"): emit(0x09)
            case UInt8(ascii: "u"): scalar(literal, &index).utf8.forEach(emit)
            default: emit(escape)
            }
        }
    }

    /// The scalar of a `\u` escape whose digits begin at `index`, of two where they are a surrogate pair; a lone
    /// surrogate becomes U+FFFD.
    private static func scalar(_ literal: Span<UInt8>, _ index: inout Int) -> Unicode.Scalar {
        let first = codeUnit(literal, index)
        index += 4
        if (0xd800...0xdbff).contains(first), index + 6 < literal.count,
            literal[index] == UInt8(ascii: "\\"), literal[index + 1] == UInt8(ascii: "u")
        {
            let second = codeUnit(literal, index + 2)
            if (0xdc00...0xdfff).contains(second) {
                index += 6
                return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)) ?? "\u{fffd}"
            }
        }
        return Unicode.Scalar(first) ?? "\u{fffd}"
    }

    private static func codeUnit(_ literal: Span<UInt8>, _ index: Int) -> UInt32 {
        (index..<index + 4).reduce(0) { $0 << 4 | (hexadecimal(literal[$1]) ?? 0) }
    }
}
