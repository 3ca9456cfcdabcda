/// Reads JSON (RFC 8259) as people write it: with `//`, `#` and `/* */` comments and commas behind the last element.
///
/// The text must be UTF-8; a name may stand once in an object; depth and size are bounded.
struct SourceReader {
    /// In bytes.
    static let maximumSize = 16 << 20
    static let maximumDepth = 64

    let source: SourceText
    /// The next byte.
    var index = 0
    private var depth = 0

    private init(_ source: SourceText) {
        self.source = source
    }

    static func read(_ source: SourceText) throws(SourceError) -> SourceValue {
        var reader = SourceReader(source)
        guard source.bytes.count <= maximumSize else { throw reader.error(.tooLarge, at: 0) }
        do {
            _ = try UTF8Span(validating: source.bytes.span)
        } catch {
            throw reader.error(.notUTF8, at: error.byteOffsets.lowerBound)
        }
        if source.bytes.starts(with: [0xef, 0xbb, 0xbf]) { reader.index = 3 }
        try reader.skipBlank()
        guard reader.peek != nil else { throw reader.error(.empty) }
        let value = try reader.value(at: .root)
        try reader.skipBlank()
        guard reader.peek == nil else { throw reader.error(.trailingText) }
        return value
    }

    var peek: UInt8? {
        index < source.bytes.count ? source.bytes[index] : nil
    }

    func error(_ fault: SourceError.Fault, at offset: Int? = nil, path: SourcePath = .root) -> SourceError {
        SourceError(fault: fault, offset: offset ?? index, path: path)
    }

    func unexpectedEnd(inside what: String, from start: Int, path: SourcePath) -> SourceError {
        error(.unexpectedEnd(inside: what, line: source.line(of: start)), path: path)
    }

    /// Steps over `text` if it stands here.
    mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard source.bytes.count - index >= count else { return false }
        let isHere = text.withUTF8Buffer { unsafe $0.elementsEqual(source.bytes[index..<index + count]) }
        if isHere { index += count }
        return isHere
    }

    private mutating func value(at path: SourcePath) throws(SourceError) -> SourceValue {
        let start = index
        guard let byte = peek else { throw error(.valueExpected, path: path) }
        let content: SourceValue.Content =
            switch byte {
            case UInt8(ascii: "{"):
                .object(try nested(at: path) { reader throws(SourceError) in try reader.members(at: path) })
            case UInt8(ascii: "["):
                .array(try nested(at: path) { reader throws(SourceError) in try reader.elements(at: path) })
            case UInt8(ascii: "\""): .string(try string(at: path))
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number(try number(at: path))
            default: try literal(at: path)
            }
        return SourceValue(content: content, offset: start, path: path)
    }

    private mutating func nested<Value>(
        at path: SourcePath, _ body: (inout SourceReader) throws(SourceError) -> Value
    ) throws(SourceError) -> Value {
        guard depth < Self.maximumDepth else { throw error(.tooDeep, path: path) }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    private mutating func literal(at path: SourcePath) throws(SourceError) -> SourceValue.Content {
        let start = index
        let content: SourceValue.Content? =
            if skip("true") { .boolean(true) } else if skip("false") { .boolean(false) } else if skip("null") {
                .null
            } else { nil }
        let isWhole = peek.map { !Self.continuesWord($0) } ?? true
        guard let content, isWhole else { throw error(.valueExpected, at: start, path: path) }
        return content
    }

    static func continuesWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "+"),
            UInt8(ascii: "-"), 0x80...:
            true
        default: false
        }
    }

    private mutating func elements(at path: SourcePath) throws(SourceError) -> [SourceValue] {
        let start = index
        var elements: [SourceValue] = []
        index += 1
        while true {
            try skipBlank()
            if skip("]") { return elements }
            let element = SourcePath.element(path, elements.count)
            guard peek != nil else { throw unexpectedEnd(inside: "a list", from: start, path: path) }
            elements.append(try value(at: element))
            try skipBlank()
            if skip(",") { continue }
            if skip("]") { return elements }
            guard peek != nil else { throw unexpectedEnd(inside: "a list", from: start, path: path) }
            throw error(.separatorExpected(closing: "]"), path: path)
        }
    }

    private mutating func members(at path: SourcePath) throws(SourceError) -> [SourceValue.Member] {
        let start = index
        var members: [SourceValue.Member] = []
        var offsets: [String: Int] = [:]
        index += 1
        while true {
            try skipBlank()
            if skip("}") { return members }
            guard peek != nil else { throw unexpectedEnd(inside: "an object", from: start, path: path) }
            let member = try member(of: path)
            if let first = offsets.updateValue(member.offset, forKey: member.name) {
                let fault = SourceError.Fault.duplicate(name: member.name, line: source.line(of: first))
                throw error(fault, at: member.offset, path: member.value.path)
            }
            members.append(member)
            try skipBlank()
            if skip(",") { continue }
            if skip("}") { return members }
            guard peek != nil else { throw unexpectedEnd(inside: "an object", from: start, path: path) }
            throw error(.separatorExpected(closing: "}"), path: path)
        }
    }

    private mutating func member(of path: SourcePath) throws(SourceError) -> SourceValue.Member {
        let start = index
        guard peek == UInt8(ascii: "\"") else { throw error(.nameExpected, path: path) }
        let name = try string(at: path)
        let memberPath = SourcePath.member(path, name)
        try skipBlank()
        guard skip(":") else { throw error(.colonExpected, path: path) }
        try skipBlank()
        return SourceValue.Member(name: name, offset: start, value: try value(at: memberPath))
    }
}
