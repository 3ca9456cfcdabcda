/// A field of our own, valid by construction and ready to be written: what the configuration sets, a credential.
package struct Field: Equatable, Sendable {
    package let id: FieldName
    /// Name, colon, space, value, CRLF.
    let line: [UInt8]
    private let nameCount: Int

    /// - Throws: ``HTTPError/emptyFieldName``, ``HTTPError/invalidFieldName`` or ``HTTPError/invalidFieldValue``: a
    ///   field that would end its line, or mean something else to another reader, is never written. White space around
    ///   the value is left out.
    package init(name: String, value: String) throws(HTTPError) {
        let bytes = Array(name.utf8) + [UInt8(ascii: ":")] + Array(value.utf8)
        let nameCount = name.utf8.count
        let span = bytes.span
        guard nameCount > 0 else { throw .emptyFieldName }
        guard span.endOfToken(in: 0..<nameCount) == nameCount else { throw .invalidFieldName }
        let rest = nameCount + 1..<bytes.count
        guard span.endOfFieldContent(in: rest) == bytes.count else { throw .invalidFieldValue }
        self.nameCount = nameCount
        id = FieldNameTable.shared[span.foldedToken(in: 0..<nameCount)]
        var line: [UInt8] = []
        line.reserveCapacity(bytes.count + 3)
        line.append(span.extracting(0..<nameCount))
        line.append(": ")
        line.append(span.extracting(span.trimmed(rest)))
        line.append("\r\n")
        self.line = line
    }

    /// Whether a field of a message has this name.
    package func names(_ other: FieldLine, in bytes: Span<UInt8>) -> Bool {
        guard other.id == id, other.name.count == nameCount else { return false }
        return bytes.extracting(other.name).equalsIgnoringCase(line.span.extracting(0..<nameCount))
    }
}

extension Field: CustomStringConvertible {
    /// The name alone: the value may be a secret.
    package var description: String {
        String(decoding: line.prefix(nameCount), as: UTF8.self)
    }
}
