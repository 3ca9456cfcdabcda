internal import OCMEventLoop
internal import OCMHTTP

/// A request to switch to WebSocket, from both sides: what the client asks for, and what the API is asked for.
@EventLoop final class WebSocketUpgrade {
    private let opening: WebSocketOpening
    private var key = WebSocketKey()

    init(_ opening: WebSocketOpening) {
        self.opening = opening
    }

    /// Appends the fields of the request to the API, with a new key.
    func writeOffer(into output: inout [UInt8]) {
        key = WebSocketKey()
        WebSocketHandshake.writeOffer(key, subprotocols: opening.subprotocols, into: &output)
    }

    /// Checks the API's answer, which has status 101, and appends the one to the client.
    func writeAcceptance(
        _ head: ResponseHead, of bytes: Span<UInt8>, to output: inout [UInt8]
    ) throws(WebSocketAcceptance.Fault) {
        let acceptance = try WebSocketAcceptance(
            head, of: bytes, key: key, subprotocols: opening.subprotocols)
        let subprotocol = bytes.extracting(acceptance.subprotocol?.bounds ?? 0..<0)
        WebSocketHandshake.writeAcceptance(of: opening, subprotocol: subprotocol, into: &output)
        for field in head.fields where !field.isHopByHop && bytes.extracting(field.name).isForClient {
            HeadWriter.field(field, of: bytes, into: &output)
        }
        HeadWriter.end(into: &output)
    }
}

extension Span<UInt8> {
    /// Whether a field of this name says something that the client is to know.
    fileprivate var isForClient: Bool {
        hasPrefix("x-codex-") || hasPrefix("x-reasoning") || contains("-secondary-")
            || isName("openai-model") || isName("x-models-etag") || isName("x-request-id")
    }

    private func isName(_ name: StaticString) -> Bool { equalsIgnoringCase(name, in: indices) }

    private func hasPrefix(_ prefix: StaticString) -> Bool {
        count >= prefix.utf8CodeUnitCount && equalsIgnoringCase(prefix, in: 0..<prefix.utf8CodeUnitCount)
    }

    private func contains(_ part: StaticString) -> Bool {
        let length = part.utf8CodeUnitCount
        return count >= length && (0...(count - length)).contains { equalsIgnoringCase(part, in: $0..<$0 + length) }
    }
}
