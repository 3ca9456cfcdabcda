/// A frame's head of which a read has brought only the beginning.
struct HeldHead: Sendable {
    private var bytes = InlineArray<14, UInt8>(repeating: 0)
    private var count: UInt8 = 0

    var isEmpty: Bool { count == 0 }

    /// Takes the bytes that are missing, and is empty again when the head is complete; nil where it is not.
    mutating func complete(
        with source: Span<UInt8>, at position: inout Int, from sender: WebSocketSender
    ) throws(WebSocketError) -> WebSocketFrameHead? {
        while position < source.count {
            // No head is longer than there is room: one that has all its bytes is complete.
            bytes[Int(count)] = source[position]
            count &+= 1
            position &+= 1
            if let head = try WebSocketFrameHead(bytes.span.extracting(0..<Int(count)), at: 0, from: sender) {
                count = 0
                return head
            }
        }
        return nil
    }
}
