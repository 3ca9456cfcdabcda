internal import OCMEventLoop
internal import OCMHTTP
internal import OCMLogging

/// What the log will say of a request, taken down while its head is there.
struct RequestTrace {
    /// Tells it from all others in the logs, those of other workers and earlier ones included.
    let number: UInt64
    let start: Instant
    let method: Method
    let headBytes: Int
    /// Without its query, in which there may be anything; the first 128 bytes.
    private(set) var path = BoundedText()

    init(number: UInt64, start: Instant, method: Method, headBytes: Int, path: BoundedText) {
        self.number = number
        self.start = start
        self.method = method
        self.headBytes = headBytes
        self.path = path
    }

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
        let digits = number.hexadecimalDigits
        return String(decoding: digits.indices.map { digits[$0] }, as: UTF8.self)
    }
}
