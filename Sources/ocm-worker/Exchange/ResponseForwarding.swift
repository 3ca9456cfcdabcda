internal import OCMHTTP

/// How a response goes on to a client, and the head that says so.
struct ResponseForwarding {
    /// How the body is framed towards the client.
    enum Framing: Equatable {
        case none
        /// Data as it is: by its length, or until the connection closes.
        case plain
        /// The upstream's chunks as they came.
        case chunksAsTheyCome
        /// Data in chunks of our own: the upstream ended its body by closing.
        case ownChunks
    }

    let framing: Framing
    /// The client may send another request afterwards.
    let keepsAlive: Bool

    /// - Parameter mayKeepAlive: nothing else speaks against it: the request's body has been read, the worker goes on.
    init(_ head: ResponseHead, to request: Request, mayKeepAlive: Bool) {
        let isHTTP11 = request.version == .http11
        switch head.framing {
        case .none: framing = .none
        case .length: framing = .plain
        case .chunked: framing = isHTTP11 ? .chunksAsTheyCome : .plain
        case .untilClose: framing = isHTTP11 ? .ownChunks : .plain
        }
        keepsAlive = mayKeepAlive && request.keepsAlive && isHTTP11
    }

    /// Appends the head of a final response.
    func append(_ head: ResponseHead, of bytes: Span<UInt8>, to output: inout [UInt8]) {
        HeadWriter.statusLine(of: head, in: bytes, into: &output)
        for field in head.fields where isForwarded(field, status: head.status) {
            HeadWriter.field(field, of: bytes, into: &output)
        }
        switch framing {
        case .none: break
        case .plain: HeadWriter.framing(head.framing == .chunked ? .untilClose : head.framing, into: &output)
        case .chunksAsTheyCome, .ownChunks: HeadWriter.framing(.chunked, into: &output)
        }
        if !keepsAlive { HeadWriter.field("connection", "close", into: &output) }
        HeadWriter.end(into: &output)
    }

    /// Appends the head of an interim response (1xx). It bears no length (RFC 9110 section 8.6).
    static func appendInterim(_ head: ResponseHead, of bytes: Span<UInt8>, to output: inout [UInt8]) {
        HeadWriter.statusLine(of: head, in: bytes, into: &output)
        for field in head.fields where !field.isHopByHop {
            if field.id == .setCookie || field.id == .altSvc || field.id == .contentLength { continue }
            HeadWriter.field(field, of: bytes, into: &output)
        }
        HeadWriter.end(into: &output)
    }

    private func isForwarded(_ field: FieldLine, status: Int) -> Bool {
        if field.isHopByHop { return false }
        switch field.id {
        case .setCookie, .altSvc, .transferEncoding: return false
        // Without a body (an answer to HEAD, 304) it says how long the body would be.
        case .contentLength: return framing == .none && status != 204
        default: return true
        }
    }
}
