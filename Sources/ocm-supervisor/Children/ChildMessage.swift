/// What goes to a child and comes back: a number of fields, each behind its length in 32 bits, little-endian.
///
/// The fields have no types here; whoever expects a message says how many there are and reads each strictly. All of it
/// lies in memory that is zeroed.
struct ChildMessage {
    let fields: [Secret]

    /// Longer ones are not made, and not taken.
    static let maximumSize = 512 << 10

    init(_ fields: [Secret]) {
        self.fields = fields
    }

    /// nil unless the bytes are fields to the last one.
    init?(_ bytes: Secret) {
        guard let fields = bytes.withBytes({ Self.fields($0) }) else { return nil }
        self.fields = fields
    }

    /// nil unless the bytes are exactly `count` fields.
    init?(_ bytes: Secret, count: Int) {
        self.init(bytes)
        if fields.count != count { return nil }
    }

    var encoded: Secret {
        Secret(capacity: fields.reduce(0) { $0 + 4 + $1.count }) { output in
            for field in fields {
                for shift in [0, 8, 16, 24] { output.append(UInt8(truncatingIfNeeded: field.count >> shift)) }
                field.withBytes { bytes in
                    for index in bytes.indices { output.append(bytes[index]) }
                }
            }
        }
    }

    private static func fields(_ bytes: Span<UInt8>) -> [Secret]? {
        var fields: [Secret] = []
        var position = 0
        while position < bytes.count {
            guard bytes.count - position >= 4 else { return nil }
            let length = (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
            position += 4
            guard length <= bytes.count - position else { return nil }
            fields.append(Secret(bytes.extracting(position..<position + length)))
            position += length
        }
        return fields
    }
}

extension Secret {
    /// For fields that are no secrets. nil where the bytes are not UTF-8.
    var string: String? {
        withBytes { bytes in String(validating: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
    }

    convenience init(_ text: String) {
        self.init(text.utf8Span.span)
    }

    /// A decimal number.
    var number: Int? { string.flatMap { Int($0) } }
}
