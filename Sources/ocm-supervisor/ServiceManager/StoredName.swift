/// The name of a descriptor in the service manager's store (FDNAME= of sd_notify(3)).
enum StoredName: Equatable {
    /// A listening socket that OCM has bound for the service of that tag.
    case listener(service: String)

    private static let listenerPrefix = "listen-"
    /// A name may have 255 characters of ASCII, without control characters and colons.
    private static let longest = 255

    init?(_ text: String) {
        guard text.hasPrefix(Self.listenerPrefix),
            let service = Self.decoded(text.dropFirst(Self.listenerPrefix.count))
        else { return nil }
        self = .listener(service: service)
    }

    /// Nil where it would be too long to be one.
    var text: String? {
        let text =
            switch self {
            case .listener(let service): Self.listenerPrefix + Self.encoded(service)
            }
        return text.utf8.count <= Self.longest ? text : nil
    }

    /// What a name can't have stands as `%` and two hexadecimal digits.
    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let isPlain = byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: ":") && byte != UInt8(ascii: "%")
            let hex = String(byte, radix: 16)
            result += isPlain ? String(UnicodeScalar(byte)) : "%" + (hex.utf8.count < 2 ? "0" : "") + hex
        }
        return result
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, let decoded = UInt8(digits, radix: 16) else { return nil }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
