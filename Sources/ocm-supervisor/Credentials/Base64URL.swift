/// RFC 4648 section 5 without padding, as the parts of a JWT are written.
enum Base64URL {
    /// nil where a character or the length is wrong. Padding is let pass, unused bits are not looked at.
    static func decode(_ text: Span<UInt8>) -> Secret? {
        var count = text.count
        while count > 0, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        guard count % 4 != 1, (0..<count).allSatisfy({ value(text[$0]) != nil }) else { return nil }
        return Secret(capacity: count / 4 * 3 + 3) { output in
            var bits: UInt32 = 0
            var held = 0
            for index in 0..<count {
                bits = bits << 6 | UInt32(value(text[index]) ?? 0)
                held += 6
                if held >= 8 {
                    held -= 8
                    output.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
                }
            }
        }
    }

    static func encode(_ bytes: Span<UInt8>) -> Secret {
        Secret(capacity: bytes.count * 4 / 3 + 2) { output in
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let group = start..<min(start + 3, bytes.count)
                let bits = group.reduce(0) { $0 << 8 | Int(bytes[$1]) } << (8 * (3 - group.count))
                for place in 0...group.count { output.append(character(bits >> (18 - 6 * place) & 63)) }
            }
        }
    }

    private static func character(_ value: Int) -> UInt8 {
        switch value {
        case 0..<26: UInt8(ascii: "A") + UInt8(value)
        case 26..<52: UInt8(ascii: "a") + UInt8(value - 26)
        case 52..<62: UInt8(ascii: "0") + UInt8(value - 52)
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
