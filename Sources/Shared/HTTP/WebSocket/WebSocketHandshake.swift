/// Appends the fields of opening handshakes, both of them our own (RFC 6455 section 4).
package enum WebSocketHandshake {
    /// Those of a request to a server, without extensions.
    ///
    /// - Parameter subprotocols: as in ``WebSocketOpening/subprotocols``.
    package static func writeOffer(_ key: WebSocketKey, subprotocols: [UInt8], into output: inout [UInt8]) {
        writeUpgrade(into: &output)
        HeadWriter.field("sec-websocket-version", "13", into: &output)
        writeField("sec-websocket-key: ", key.text.span, into: &output)
        if !subprotocols.isEmpty { writeField("sec-websocket-protocol: ", subprotocols.span, into: &output) }
    }

    /// Status line and fields of the answer that accepts a client's handshake. More fields may follow, and
    /// ``HeadWriter/end(into:)``.
    ///
    /// - Parameter subprotocol: what the server has chosen of those that the client offered; empty where it has chosen none.
    package static func writeAcceptance(
        of opening: WebSocketOpening, subprotocol: Span<UInt8>, into output: inout [UInt8]
    ) {
        HeadWriter.statusLine(101, into: &output)
        writeUpgrade(into: &output)
        writeField("sec-websocket-accept: ", opening.key.accept.span, into: &output)
        if !subprotocol.isEmpty { writeField("sec-websocket-protocol: ", subprotocol, into: &output) }
    }

    /// What an answer 426 must say (RFC 9110 section 15.5.22).
    static func writeRequirement(closes: Bool, into output: inout [UInt8]) {
        HeadWriter.field("upgrade", "websocket", into: &output)
        HeadWriter.field("connection", closes ? "upgrade, close" : "upgrade", into: &output)
        HeadWriter.field("sec-websocket-version", "13", into: &output)
    }

    private static func writeUpgrade(into output: inout [UInt8]) {
        HeadWriter.field("upgrade", "websocket", into: &output)
        HeadWriter.field("connection", "Upgrade", into: &output)
    }

    private static func writeField(_ start: StaticString, _ value: Span<UInt8>, into output: inout [UInt8]) {
        output.append(start)
        output.append(value)
        output.append("\r\n")
    }
}
