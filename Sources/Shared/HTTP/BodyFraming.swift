/// How the end of a message's body is found (RFC 9112 section 6.3).
package enum BodyFraming: Equatable, Sendable {
    /// There is no body.
    case none
    /// So many bytes, 0 included: the message bears a Content-Length.
    case length(UInt64)
    /// Transfer-Encoding: chunked.
    case chunked
    /// All that comes until the connection is closed: responses only.
    case untilClose
}
