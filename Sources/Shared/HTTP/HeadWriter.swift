/// Appends heads to a buffer. Nothing that it takes can smuggle a line end in: parsed fields, ``Field``, literals,
/// numbers, and a target that it looks at.
package enum HeadWriter {
    /// The request line: `prefix` stands before `target`, which together make a path.
    ///
    /// - Throws: ``HTTPError/invalidTarget`` when there is a byte in them that would end the target.
    package static func requestLine(
        _ method: Method, prefix: Span<UInt8>, target: Span<UInt8>, into output: inout [UInt8]
    ) throws(HTTPError) {
        guard prefix.endOfVisible(in: 0..<prefix.count) == prefix.count,
            target.endOfVisible(in: 0..<target.count) == target.count
        else { throw .invalidTarget }
        output.append(method.name)
        output.append(" ")
        output.append(prefix)
        output.append(target)
        output.append(" HTTP/1.1\r\n")
    }

    /// The status line of an answer from upstream with the reason that it gave.
    package static func statusLine(of head: ResponseHead, in bytes: Span<UInt8>, into output: inout [UInt8]) {
        statusLine(head.status, reason: bytes.extracting(head.reason), into: &output)
    }

    /// A status line with the reason that the status has by its registration.
    package static func statusLine(_ status: Int, into output: inout [UInt8]) {
        output.append("HTTP/1.1 ")
        output.append(decimal: UInt64(clamping: status))
        output.append(" ")
        output.append(ReasonPhrase.of(status))
        output.append("\r\n")
    }

    private static func statusLine(_ status: Int, reason: Span<UInt8>, into output: inout [UInt8]) {
        output.append("HTTP/1.1 ")
        output.append(decimal: UInt64(clamping: status))
        output.append(" ")
        output.append(reason)
        output.append("\r\n")
    }

    /// A field of a parsed head, whose `bytes` these are, with one space after the colon.
    package static func field(_ field: FieldLine, of bytes: Span<UInt8>, into output: inout [UInt8]) {
        let name = field.name.bounds
        let value = field.value.bounds
        // As nearly all lines are written they can be copied whole, in one go.
        if value.lowerBound == name.upperBound + 2, bytes[name.upperBound + 1] == .space,
            bytes[value.upperBound] == .carriageReturn
        {
            output.append(bytes.extracting(name.lowerBound..<value.upperBound + 2))
        } else {
            output.append(bytes.extracting(name))
            output.append(": ")
            output.append(bytes.extracting(value))
            output.append("\r\n")
        }
    }

    package static func field(_ field: Field, into output: inout [UInt8]) {
        output.append(contentsOf: field.line)
    }

    package static func field(_ name: StaticString, _ value: StaticString, into output: inout [UInt8]) {
        output.append(name)
        output.append(": ")
        output.append(value)
        output.append("\r\n")
    }

    package static func field(_ name: StaticString, _ value: UInt64, into output: inout [UInt8]) {
        output.append(name)
        output.append(": ")
        output.append(decimal: value)
        output.append("\r\n")
    }

    /// The field that announces a body of that framing, if one does.
    package static func framing(_ framing: BodyFraming, into output: inout [UInt8]) {
        switch framing {
        case .none, .untilClose: break
        case .length(let length): field("content-length", length, into: &output)
        case .chunked: field("transfer-encoding", "chunked", into: &output)
        }
    }

    /// The empty line.
    package static func end(into output: inout [UInt8]) {
        output.append("\r\n")
    }
}
