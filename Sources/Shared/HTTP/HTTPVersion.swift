/// The versions that are spoken: others are refused.
package enum HTTPVersion: UInt8, Comparable, Sendable {
    case http10
    case http11

    package static func < (left: HTTPVersion, right: HTTPVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension HTTPVersion {
    /// HTTP-name "/" DIGIT "." DIGIT (RFC 9112 section 2.3)
    init(_ text: Range<Int>, of bytes: Span<UInt8>, malformed: HTTPError) throws(HTTPError) {
        if bytes.equals("HTTP/1.1", in: text) {
            self = .http11
        } else if bytes.equals("HTTP/1.0", in: text) {
            self = .http10
        } else {
            let digits = text.dropFirst(5)
            let isVersion =
                digits.count == 3 && bytes.equals("HTTP/", in: text.prefix(5))
                && bytes[digits.lowerBound].isDigit
                && bytes[digits.lowerBound + 1] == UInt8(ascii: ".")
                && bytes[digits.lowerBound + 2].isDigit
            throw isVersion ? .unsupportedVersion : malformed
        }
    }
}
