/// What a path is to this service. It is judged as upstream may read it, and forwarded as it was written.
package enum RequestTarget: Equatable, Sendable {
    /// It lies under `/v1/` and means the same to everyone who reads it.
    case accepted
    /// It does not begin with `/v1/`.
    case elsewhere
    /// It has a segment `.` or `..`, however written: percent-encoded, behind encoded slashes, with parameters.
    case dotSegment
    /// It has a backslash, plain or percent-encoded, which some servers read as a slash.
    case backslash
    /// It has a control character, plain or percent-encoded.
    case controlCharacter

    /// What `path`, a path with or without a query, is. Of the query only its plain bytes are looked at.
    package static func check(_ path: Span<UInt8>) -> RequestTarget {
        guard path.endOfVisible(in: 0..<path.count) == path.count else { return .controlCharacter }
        guard path.count >= 4, path.equals("/v1/", in: 0..<4) else { return .elsewhere }
        let end = path.firstIndex(of: UInt8(ascii: "?"), in: 0..<path.count) ?? path.count
        if path.firstIndex(of: UInt8(ascii: "\\"), in: 0..<end) != nil { return .backslash }
        return checkSegments(path, until: end)
    }

    /// One pass over the decoded bytes, in which an encoded slash separates segments too.
    private static func checkSegments(_ path: Span<UInt8>, until end: Int) -> RequestTarget {
        var segment = Segment.empty
        var index = 0
        while index < end {
            var byte = path[index]
            var length = 1
            if byte == UInt8(ascii: "%"), index + 2 < end,
                let high = path[index + 1].hexValue, let low = path[index + 2].hexValue
            {
                byte = high << 4 | low
                length = 3
                if byte == UInt8(ascii: "\\") { return .backslash }
                if byte < 0x20 || byte == 0x7F { return .controlCharacter }
            }
            if byte == UInt8(ascii: "/") {
                if segment.isDots { return .dotSegment }
                segment = .empty
            } else {
                segment.take(byte)
            }
            index += length
        }
        return segment.isDots ? .dotSegment : .accepted
    }

    /// What a segment has been so far.
    private enum Segment {
        case empty, dot, dots
        /// One or two dots, then a semicolon: some servers cut the rest off.
        case dotsWithParameters
        case other

        var isDots: Bool { self == .dot || self == .dots || self == .dotsWithParameters }

        mutating func take(_ byte: UInt8) {
            switch (self, byte) {
            case (.empty, UInt8(ascii: ".")): self = .dot
            case (.dot, UInt8(ascii: ".")): self = .dots
            case (.dot, UInt8(ascii: ";")), (.dots, UInt8(ascii: ";")), (.dotsWithParameters, _):
                self = .dotsWithParameters
            default: self = .other
            }
        }
    }
}
