/// What stands before a frame's payload (RFC 6455 section 5.2).
package struct WebSocketFrameHead: Equatable, Sendable {
    package var isFinal: Bool
    package var opcode: WebSocketOpcode
    /// Below 2^63.
    package var payloadLength: UInt64
    package var maskingKey: MaskingKey?

    /// No head has more bytes.
    package static let maximumByteCount = 14
    /// No control frame has more (section 5.5).
    package static let maximumControlPayload = 125

    package init(_ opcode: WebSocketOpcode, payloadLength: UInt64, isFinal: Bool = true, maskingKey: MaskingKey? = nil)
    {
        self.isFinal = isFinal
        self.opcode = opcode
        self.payloadLength = payloadLength
        self.maskingKey = maskingKey
    }

    /// Bytes of the head.
    package var byteCount: Int {
        let length = payloadLength < 126 ? 2 : payloadLength <= UInt64(UInt16.max) ? 4 : 10
        return maskingKey == nil ? length : length + 4
    }

    /// Appends the head.
    package func write(into output: inout [UInt8]) {
        output.append((isFinal ? 0x80 : 0) | opcode.rawValue)
        let mask: UInt8 = maskingKey == nil ? 0 : 0x80
        if payloadLength < 126 {
            output.append(mask | UInt8(truncatingIfNeeded: payloadLength))
        } else if payloadLength <= UInt64(UInt16.max) {
            output.append(mask | 126)
            output.append(bigEndian: payloadLength, count: 2)
        } else {
            output.append(mask | 127)
            output.append(bigEndian: payloadLength, count: 8)
        }
        if let maskingKey { output.append(maskingKey) }
    }
}

extension [UInt8] {
    /// The last `count` bytes of a number, the most significant first.
    mutating func append(bigEndian number: UInt64, count: Int) {
        for place in (0..<count).reversed() {
            append(UInt8(truncatingIfNeeded: number >> UInt64(8 * place)))
        }
    }

    fileprivate mutating func append(_ key: MaskingKey) {
        for place in 0..<4 {
            append(UInt8(truncatingIfNeeded: key.bits >> UInt32(8 * place)))
        }
    }
}
