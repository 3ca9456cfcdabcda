/// A stretch of the bytes that carry a body.
package struct BodyPiece: Equatable, Sendable {
    package enum Kind: Sendable {
        /// Bytes of the body itself.
        case data
        /// Sizes and line ends of chunks in their plain form: a chunked body is forwarded with them.
        case framing
        /// Chunk extensions and trailers: valid, and not forwarded.
        case omitted
    }

    package let kind: Kind
    /// Where in the span; never empty.
    package let range: Range<Int>
}
