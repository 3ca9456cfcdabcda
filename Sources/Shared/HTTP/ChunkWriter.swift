/// Appends the framing of a chunked body to a buffer (RFC 9112 section 7.1): `begin`, the data, `end`, and `last`.
package enum ChunkWriter {
    /// Before the data of a chunk of `count` bytes; not for 0, which would end the body.
    package static func begin(_ count: Int, into output: inout [UInt8]) {
        precondition(count > 0)
        output.append(hexadecimal: UInt64(count))
        output.append("\r\n")
    }

    /// After the data of a chunk.
    package static func end(into output: inout [UInt8]) {
        output.append("\r\n")
    }

    /// After the last chunk.
    package static func last(into output: inout [UInt8]) {
        output.append("0\r\n\r\n")
    }
}
