/// Up to 128 bytes of text in place: names and short values that a streaming parser has to hold between two reads.
package struct BoundedText: Sendable {
    package static let capacity = 128

    private var storage = InlineArray<128, UInt8>(repeating: 0)
    private var length = 0
    /// Whether more was appended than there is room for.
    package private(set) var isTruncated = false

    package init() {}

    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(0..<length) }
    }

    package var count: Int { length }

    /// The text, ill-formed UTF-8 repaired; empty where it was truncated.
    package var string: String {
        guard length > 0, !isTruncated else { return "" }
        if let text = try? UTF8Span(validating: bytes) { return String(copying: text) }
        return String(decoding: (0..<length).lazy.map { storage[$0] }, as: UTF8.self)
    }

    package mutating func append(_ byte: UInt8) {
        guard length < Self.capacity else {
            isTruncated = true
            return
        }
        storage[length] = byte
        length &+= 1
    }

    package mutating func append(_ bytes: Span<UInt8>) {
        for index in bytes.indices {
            append(bytes[index])
            if isTruncated { return }
        }
    }

    /// Appends a scalar's UTF-8.
    package mutating func append(_ scalar: Unicode.Scalar) {
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
            append(byte)
        }
    }

    package mutating func removeLast(_ count: Int) {
        length = max(0, length - count)
    }

    package mutating func removeAll() {
        length = 0
        isTruncated = false
    }
}
