/// Changes to a valid message that make it nearly valid.
enum Mutation {
    /// What attacks and accidents are made of.
    private static let fragments: [String] = [
        "\r", "\n", "\r\n", "\r\n\r\n", "\n\n", "\r\r\n", " ", "  ", "\t", "\u{0}", "\u{b}", "\u{c}", "\u{7f}",
        "\u{e9}", ":", ",", ";",
        "=", "\"", "\\", "/", "?", "#", "@", "%", "*", "0", "00", "5", "-", "+", "_", "a", "x", "F", "g", "0x", ".",
        "~", "[", "]",
        "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/0.9", "HTTP/2.0", "GET ", "TRACE ", "CONNECT ", "200", "099", "204",
        "304", "101", "100",
        "\r\n ", "\r\n\t", "\r\nContent-Length: 5", "\r\nContent-Length: 0", "\r\nContent-Length : 5",
        "\r\nContent-Length: 5, 5",
        "\r\nContent-Length: +5", "\r\ncontent-length:", "\r\nTransfer-Encoding: chunked",
        "\r\nTransfer-Encoding: identity",
        "\r\nTransfer-Encoding: gzip, chunked", "\r\nTransfer-Encoding: chunked, gzip",
        "\r\nTransfer-Encoding : chunked",
        "\r\nTransfer-Encoding:\u{b}chunked", "\r\nTransfer-Encoding: xchunked", "\r\nTransfer-Encoding:",
        "\r\nHost: h", "\r\nHost: a b",
        "\r\nHost:", "\r\nConnection: close", "\r\nConnection: keep-alive", "\r\nConnection: upgrade",
        "\r\nUpgrade: websocket", "\r\n: x",
        "\r\nA", "\r\nA B: c", "0\r\n\r\n", "5\r\nhello\r\n", "5;a=b\r\nhello\r\n", "5 \r\nhello\r\n",
        "5;\r\nhello\r\n",
        "ffffffffffffffff\r\n", "fffffffffffffffff\r\n", "8000000000000000\r\n", "http://h", "http://u@h/",
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n", "chunked", "close",
    ]

    /// One to three changes.
    static func apply(
        to bytes: [UInt8], others: [[UInt8]], using random: inout SeededGenerator
    ) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) { change(&result, others, &random) }
        return result
    }

    private static func change(_ bytes: inout [UInt8], _ others: [[UInt8]], _ random: inout SeededGenerator) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let fragment = Array((fragments.randomElement(using: &random) ?? "").utf8)
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1: bytes.insert(contentsOf: fragment, at: place)
        case 2: bytes.replaceSubrange(place..<min(place + fragment.count, bytes.count), with: fragment)
        case 3: bytes.removeSubrange(place..<min(place + Int.random(in: 1...4, using: &random), bytes.count))
        case 4: if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &random) }
        case 5: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        case 6: insertLine(fragment, into: &bytes, &random)
        default:
            let other = others.randomElement(using: &random) ?? []
            bytes.replaceSubrange(place..., with: other.suffix(Int.random(in: 0...other.count, using: &random)))
        }
    }

    /// Where lines begin or end most mistakes are made.
    private static func insertLine(_ fragment: [UInt8], into bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\r") || bytes[$0] == UInt8(ascii: "\n") }
        bytes.insert(contentsOf: fragment, at: ends.randomElement(using: &random) ?? 0)
    }
}
