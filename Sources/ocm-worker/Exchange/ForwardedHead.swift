internal import OCMEventLoop
internal import OCMHTTP

/// The head of the request that goes to the API, made from the one that came.
struct ForwardedHead {
    private(set) var bytes: [UInt8] = []
    /// Where the fields stand that depend on the route, and those that ask for a WebSocket.
    private(set) var routeFields = 0..<0

    /// - Parameter upgrade: the WebSocket that is asked for, if any.
    /// - Throws: where the path can't be forwarded.
    @EventLoop init(
        _ head: RequestHead, of bytes: Span<UInt8>, by route: Route, replaced: [Field], upgrade: WebSocketUpgrade? = nil
    ) throws(HTTPError) {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + route.fields.count + 256)
        let path = bytes.extracting(head.path)
        let prefix = route.prefix
        try HeadWriter.requestLine(
            head.method, prefix: prefix.span, target: path.extracting(route.omitted..<path.count), into: &output)
        for field in head.fields where Self.isForwarded(field) {
            if !replaced.isEmpty, replaced.contains(where: { $0.names(field, in: bytes) }) { continue }
            HeadWriter.field(field, of: bytes, into: &output)
        }
        let start = output.count
        output.append(contentsOf: route.fields)
        upgrade?.writeOffer(into: &output)
        routeFields = start..<output.count
        if upgrade == nil { HeadWriter.framing(head.framing, into: &output) }
        HeadWriter.end(into: &output)
        self.bytes = output
    }

    /// Not forwarded: what speaks to this hop, what is written anew, the client's own credentials, and what proxies in
    /// front have added. Nor does what a server behind the API's door would take for one of these.
    private static func isForwarded(_ field: FieldLine) -> Bool {
        !field.isHopByHop && isForwarded(field.id) && isForwarded(field.alias)
    }

    private static func isForwarded(_ name: FieldName) -> Bool {
        switch name {
        case .connection, .keepAlive, .te, .trailer, .transferEncoding, .upgrade, .proxy, .secWebSocket: return false
        case .host, .contentLength, .expect, .acceptEncoding: return false
        case .authorization, .cookie, .apiKey, .xAPIKey, .chatGPTAccountID: return false
        case .forwarded, .xForwarded, .xRealIP, .via, .trueClientIP, .cdnLoop, .cf: return false
        default: return true
        }
    }
}
