internal import OCMEventLoop
internal import OCMHTTP

/// What the log will say of a request, taken down while its head is there.
struct RequestTrace {
    /// Tells it from all others in the logs, those of other workers and earlier ones included.
    let number: UInt64
    let start: Instant
    let method: Method
    let headBytes: Int
    /// Without its query, in which there may be anything; the first 128 bytes.
    private(set) var path = BoundedText()

    @EventLoop init(_ head: RequestHead, of bytes: Span<UInt8>, headBytes: Int, number: UInt64) {
        self.number = number
        start = EventLoop.now
        method = head.method
        self.headBytes = headBytes
        let target = bytes.extracting(head.path)
        for index in target.indices {
            if target[index] == UInt8(ascii: "?") || path.isTruncated { break }
            path.append(target[index])
        }
    }

    /// The number as logs have it: sixteen hexadecimal digits.
    var id: String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
