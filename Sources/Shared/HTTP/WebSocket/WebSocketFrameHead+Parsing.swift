extension WebSocketFrameHead {
    /// Reads the head that begins at `start`; nil where `bytes` end before it does. What is there is checked, whether or
    /// not more follows.
    @inline(__always)
    init?(_ bytes: Span<UInt8>, at start: Int, from sender: WebSocketSender) throws(WebSocketError) {
        let available = bytes.count &- start
        guard available > 0 else { return nil }
        let first = bytes[start]
        guard first & 0x70 == 0 else { throw .reservedBits }
        guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else { throw .unknownOpcode }
        let isFinal = first & 0x80 != 0
        guard isFinal || !opcode.isControl else { throw .fragmentedControlFrame }
        guard available > 1 else { return nil }
        let second = bytes[start &+ 1]
        let isMasked = second & 0x80 != 0
        guard isMasked == (sender == .client) else { throw isMasked ? .maskedFrame : .unmaskedFrame }
        let shortLength = second & 0x7F
        guard shortLength < 126 || !opcode.isControl else { throw .controlFrameTooLong }
        let extendedCount = shortLength < 126 ? 0 : shortLength == 126 ? 2 : 8
        guard available >= 2 &+ extendedCount &+ (isMasked ? 4 : 0) else { return nil }
        let payloadLength =
            extendedCount == 0
            ? UInt64(shortLength) : try Self.extendedLength(bytes, at: start &+ 2, count: extendedCount)
        let key = isMasked ? MaskingKey(bits: bytes.fourBytes(at: start &+ 2 &+ extendedCount)) : nil
        self.init(opcode, payloadLength: payloadLength, isFinal: isFinal, maskingKey: key)
    }

    private static func extendedLength(
        _ bytes: Span<UInt8>, at start: Int, count: Int
    ) throws(WebSocketError) -> UInt64 {
        var length: UInt64 = 0
        for index in start..<start + count { length = length << 8 | UInt64(bytes[index]) }
        guard length >= (count == 2 ? 126 : 0x1_0000) else { throw .overlongLength }
        guard length >> 63 == 0 else { throw .lengthOverflow }
        return length
    }
}
