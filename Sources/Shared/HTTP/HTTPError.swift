/// Why a message is refused. Each case is one rule; the section is the one that gives it, of RFC 9112 where no other
/// is named.
///
/// A client that sent such a message is answered with ``status``. In an answer from upstream every case means the same:
/// nothing of it can be trusted.
package enum HTTPError: Error, Equatable, Sendable {
    // Lines (2.2, 5)

    /// A carriage return that no line feed follows (2.2).
    case bareCarriageReturn
    /// A line feed without a carriage return before it (2.2).
    case bareLineFeed
    /// A request line that is not method, space, target, space, version (3), or more than one empty line before it (2.2).
    case malformedRequestLine
    /// A status line that is not version, space, three digits, space, reason (4).
    case malformedStatusLine
    /// A version other than HTTP/1.0 and HTTP/1.1 (2.3).
    case unsupportedVersion
    /// A method that is not a token (3.1).
    case invalidMethod
    /// A method that is not relayed (RFC 9110 section 9.1).
    case unknownMethod
    /// A target in none of the forms that the method permits, or with bytes that no URI has (3.2).
    case invalidTarget

    // Fields (5)

    /// A line that continues the field before it (5.2).
    case foldedField
    /// White space between a field's name and its colon (5.1).
    case whitespaceBeforeColon
    /// A field line without a name (5).
    case emptyFieldName
    /// A field line without a colon, or a name that is not a token (5.1).
    case invalidFieldName
    /// A control byte in a field's value (RFC 9110 section 5.5).
    case invalidFieldValue

    // Framing and routing (3.2, 6)

    /// A Content-Length that is not one decimal number below 2^64 (6.3).
    case invalidContentLength
    /// More than one Content-Length, the same or not, in fields or in a list (6.3).
    case repeatedContentLength
    /// Content-Length beside Transfer-Encoding (6.3).
    case contentLengthWithTransferEncoding
    /// A Transfer-Encoding other than chunked, or chunked more than once (6.1).
    case unsupportedTransferEncoding
    /// Transfer-Encoding in a message of HTTP/1.0 (6.1).
    case transferEncodingInHTTP10
    /// Transfer-Encoding in an answer that has no body by its status: 1xx, 204 (6.1).
    case transferEncodingWithoutBody
    /// A request of HTTP/1.1 without Host (3.2).
    case missingHost
    /// More than one Host (3.2).
    case repeatedHost
    /// A Host that is no host and port (3.2).
    case invalidHost
    /// More than one Authorization: whoever looks at the other one may let in somebody else (RFC 9110 sections 5.3, 11.6.2).
    case repeatedAuthorization

    // Chunks (7.1)

    /// A chunk's size that is no hexadecimal number (7.1).
    case invalidChunkSize
    /// A chunk's size of more than 16 digits, or a body that sums up to more than 2^63 - 1 bytes (7.1).
    case chunkSizeOverflow
    /// A chunk extension that is not name or name=value (7.1.1).
    case invalidChunkExtension
    /// A chunk whose data no CRLF follows (7.1).
    case unterminatedChunk
    /// A trailer line that is no field line (7.1.2).
    case invalidTrailer
    /// A trailer about connection, framing or routing (RFC 9110 section 6.5.1).
    case forbiddenTrailer

    // Limits

    /// The head is larger than so many bytes.
    case headTooLarge(limit: Int)
    /// The head has more than so many fields.
    case tooManyFields(limit: Int)
    /// Connection names more than so many fields.
    case tooManyConnectionOptions(limit: Int)
    /// The chunk extensions of the body are longer than so many bytes, together.
    case chunkExtensionsTooLarge(limit: Int)
    /// The trailer section is longer than so many bytes.
    case trailersTooLarge(limit: Int)
    /// The body is larger than so many bytes.
    case bodyTooLarge(limit: UInt64)
}
