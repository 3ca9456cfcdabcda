/// application/x-www-form-urlencoded (RFC 6749 appendix B): queries and the bodies of forms.
enum FormEncoding {
    /// A space becomes `%20`, which everybody reads.
    static func encode(_ pairs: [(name: String, value: Secret)]) -> Secret {
        let room = pairs.reduce(0) { $0 + $1.name.utf8.count + 3 * $1.value.count + 2 }
        return Secret(capacity: room) { output in
            for (index, pair) in pairs.enumerated() {
                if index > 0 { output.append(UInt8(ascii: "&")) }
                for byte in pair.name.utf8 { output.append(byte) }
                output.append(UInt8(ascii: "="))
                pair.value.withBytes { escape($0, into: &output) }
            }
        }
    }

    /// nil where a percent sign is not followed by two digits. A name without `=` has an empty value.
    static func decode(_ text: Span<UInt8>) -> [(name: String, value: Secret)]? {
        var pairs: [(name: String, value: Secret)] = []
        var start = 0
        while start <= text.count, !text.isEmpty {
            let end = index(of: "&", in: text, from: start)
            let middle = min(index(of: "=", in: text, from: start), end)
            guard let name = unescape(text.extracting(start..<middle))?.string,
                let value = unescape(text.extracting(min(middle + 1, end)..<end))
            else { return nil }
            if end > start { pairs.append((name, value)) }
            start = end + 1
        }
        return pairs
    }

    private static func index(of character: Unicode.Scalar, in text: Span<UInt8>, from start: Int) -> Int {
        (start..<text.count).first { UInt32(text[$0]) == character.value } ?? text.count
    }

    /// All but the unreserved characters of RFC 3986 section 2.3.
    private static func escape(_ text: Span<UInt8>, into output: inout OutputSpan<UInt8>) {
        let digits = StaticString("0123456789ABCDEF")
        for index in text.indices {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                output.append(byte)
            default:
                output.append(UInt8(ascii: "%"))
                output.append(unsafe digits.utf8Start[Int(byte >> 4)])
                output.append(unsafe digits.utf8Start[Int(byte & 15)])
            }
        }
    }

    private static func unescape(_ text: Span<UInt8>) -> Secret? {
        var isValid = true
        let decoded = Secret(capacity: text.count) { output in
            var index = 0
            while index < text.count {
                let byte = text[index]
                index += 1
                guard byte == UInt8(ascii: "%") else {
                    output.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                    continue
                }
                guard index + 1 < text.count, let high = JSONString.hexadecimal(text[index]),
                    let low = JSONString.hexadecimal(text[index + 1])
                else {
                    isValid = false
                    return
                }
                output.append(UInt8(high << 4 | low))
                index += 2
            }
        }
        return isValid ? decoded : nil
    }
}
