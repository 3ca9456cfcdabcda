/// The key of an opening handshake: 16 bytes in base64, which the answer must show to have been understood (RFC 6455
/// section 4.1).
package struct WebSocketKey: Equatable, Sendable {
    private static let characterCount = 24

    /// As it is written.
    let text: [UInt8]

    /// A key of our own.
    package init() {
        var generator = SystemRandomNumberGenerator()
        var nonce: [UInt8] = []
        nonce.append(bigEndian: generator.next(), count: 8)
        nonce.append(bigEndian: generator.next(), count: 8)
        self.init(nonce: nonce.span)
    }

    /// - Parameter nonce: 16 bytes.
    init(nonce: Span<UInt8>) {
        var text: [UInt8] = []
        text.append(base64: nonce)
        self.text = text
    }

    /// A key that was sent; nil where it is not the base64 of 16 bytes.
    init?(_ text: Span<UInt8>) {
        guard text.count == Self.characterCount, text[22] == UInt8(ascii: "="), text[23] == UInt8(ascii: "=") else {
            return nil
        }
        for index in 0..<22 where !text[index].isBase64 { return nil }
        var copy: [UInt8] = []
        copy.append(text)
        self.text = copy
    }

    /// What the answer's Sec-WebSocket-Accept says (section 4.2.2).
    var accept: [UInt8] {
        var source = text
        source.append("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        var accept: [UInt8] = []
        accept.append(base64: SHA1.digest(of: source.span).span)
        return accept
    }
}

extension UInt8 {
    fileprivate var isBase64: Bool {
        let letter = (self | 0x20) &- UInt8(ascii: "a")
        return letter < 26 || isDigit || self == UInt8(ascii: "+") || self == UInt8(ascii: "/")
    }
}

extension [UInt8] {
    /// RFC 4648 section 4
    fileprivate mutating func append(base64 bytes: Span<UInt8>) {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = (0..<3).reduce(0) { $0 << 8 | (start + $1 < bytes.count ? Int(bytes[start + $1]) : 0) }
            for place in 0..<4 {
                let isPadding = start + place > bytes.count
                append(isPadding ? UInt8(ascii: "=") : letters[group >> (18 - 6 * place) & 63])
            }
        }
    }
}
