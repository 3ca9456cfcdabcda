/// Appends whole frames to a buffer. Those for a server are masked with `key`, those for a client with none.
package enum WebSocketFrameWriter {
    /// A frame that is not a fragment.
    package static func frame(
        _ opcode: WebSocketOpcode, _ payload: Span<UInt8>, key: MaskingKey?, into output: inout [UInt8]
    ) {
        precondition(!opcode.isControl || payload.count <= WebSocketFrameHead.maximumControlPayload)
        WebSocketFrameHead(opcode, payloadLength: UInt64(payload.count), maskingKey: key).write(into: &output)
        let start = output.count
        output.append(payload)
        if let key {
            var bytes = output.mutableSpan
            key.apply(to: &bytes, in: start..<bytes.count)
        }
    }

    /// A close frame (RFC 6455 section 5.5.1); nil as a code makes an empty one. Of a reason that is too long the
    /// beginning is sent, in whole characters.
    package static func close(
        _ code: WebSocketCloseCode?, reason: String = "", key: MaskingKey?, into output: inout [UInt8]
    ) {
        guard let code else {
            frame(.close, [UInt8]().span, key: key, into: &output)
            return
        }
        var payload: [UInt8] = []
        payload.append(bigEndian: UInt64(code.rawValue), count: 2)
        for scalar in reason.unicodeScalars {
            let bytes = UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            guard payload.count + bytes.count <= WebSocketFrameHead.maximumControlPayload else { break }
            payload.append(contentsOf: bytes)
        }
        frame(.close, payload.span, key: key, into: &output)
    }
}
