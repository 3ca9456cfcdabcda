/// Turns the data frames of a client, as a ``WebSocketFrameReader`` gives them out, into frames for the server: the same
/// fragments under masking keys of our own, in the same bytes.
package struct WebSocketForwarding: Sendable {
    private var key = MaskingKey(bits: 0)
    /// Bytes of the frame's payload so far.
    private var offset: UInt64 = 0

    package init() {}

    /// Masks a part anew where it stands; then ``WebSocketFramePart/range`` is what goes out.
    ///
    /// - Parameters:
    ///   - head: of the part's frame.
    ///   - output: where the head goes that does not stand in `bytes` as a whole. It precedes the part.
    package mutating func mask(
        _ part: WebSocketFramePart, of head: WebSocketFrameHead, in bytes: inout MutableSpan<UInt8>,
        keys: inout MaskingKeySource, into output: inout [UInt8]
    ) {
        if part.startsFrame {
            key = keys.next()
            offset = 0
            if part.hasSplitHead {
                var head = head
                head.maskingKey = key
                head.write(into: &output)
            } else {
                key.write(to: &bytes, at: part.payload.lowerBound - 4)
            }
        }
        key.apply(to: &bytes, in: part.payload, offset: offset)
        offset &+= UInt64(truncatingIfNeeded: part.payload.count)
    }
}
