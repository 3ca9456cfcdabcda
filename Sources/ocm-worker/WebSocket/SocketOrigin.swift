internal import OCMEventLoop
internal import OCMHTTP

/// What the log will say of how a WebSocket was opened, in the little memory that each of many sockets has for that.
struct SocketOrigin {
    let number: UInt64
    private let start: Instant
    private let headBytes: Int
    private let path: String
    /// When the API accepted.
    let opened: Instant?
    /// What the API calls the request.
    private let apiRequest: String

    @EventLoop init?(_ exchange: Exchange) {
        guard let trace = exchange.trace else { return nil }
        number = trace.number
        start = trace.start
        headBytes = trace.headBytes
        path = trace.path.leading
        opened = exchange.downlink.firstByte
        apiRequest = exchange.downlink.requestID.leading
    }

    var trace: RequestTrace {
        RequestTrace(number: number, start: start, method: .get, headBytes: headBytes, path: BoundedText(path))
    }

    var apiRequestID: BoundedText { BoundedText(apiRequest) }
}

extension BoundedText {
    fileprivate init(_ text: String) {
        self.init()
        for byte in text.utf8 { append(byte) }
    }

    /// The text as far as there was room for it.
    fileprivate var leading: String {
        String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
}
