/// An answer of the service's own that refuses a request: `{"error":{"type":…,"code":…,"message":…}}`.
package struct ErrorResponse: Equatable, Sendable {
    package var status: Int
    /// Such as `invalid_request_error`.
    package var type: String
    package var code: String?
    package var message: String
    /// Seconds, for the field Retry-After.
    package var retryAfter: UInt64?
    /// Whether the connection ends after the answer.
    package var closes: Bool

    package init(
        status: Int, type: String, code: String? = nil, message: String, retryAfter: UInt64? = nil,
        closes: Bool = false
    ) {
        self.status = status
        self.type = type
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.closes = closes
    }

    /// Refuses a message that broke a rule; what follows it on the connection can't be trusted.
    package init(_ error: HTTPError) {
        self.init(
            status: error.status, type: "invalid_request_error", message: error.description, closes: true)
    }

    /// The JSON body.
    package var body: [UInt8] {
        var body: [UInt8] = []
        body.append(#"{"error":{"type":"#)
        body.append(json: type)
        if let code {
            body.append(#","code":"#)
            body.append(json: code)
        }
        body.append(#","message":"#)
        body.append(json: message)
        body.append("}}")
        return body
    }

    /// Appends the whole answer; to HEAD the same without its body.
    package func write(answering method: Method, into output: inout [UInt8]) {
        let body = body
        HeadWriter.statusLine(status, into: &output)
        HeadWriter.field("content-type", "application/json", into: &output)
        HeadWriter.field("content-length", UInt64(body.count), into: &output)
        if let retryAfter { HeadWriter.field("retry-after", retryAfter, into: &output) }
        if status == 426 { WebSocketHandshake.writeRequirement(closes: closes, into: &output) }
        if closes, status != 426 { HeadWriter.field("connection", "close", into: &output) }
        HeadWriter.end(into: &output)
        if method != .head { output.append(contentsOf: body) }
    }
}

extension [UInt8] {
    /// `text` as a JSON string (RFC 8259 section 7).
    fileprivate mutating func append(json text: String) {
        append("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case .lineFeed: append("\\n")
            case .carriageReturn: append("\\r")
            case .tab: append("\\t")
            case 0..<0x10:
                append("\\u000")
                append(hexadecimal: UInt64(byte))
            case 0x10..<0x20:
                append("\\u00")
                append(hexadecimal: UInt64(byte))
            default: append(byte)
            }
        }
        append("\"")
    }
}
