/// A JSON value of a configuration file, and where it stands.
struct SourceValue: Sendable {
    struct Member: Sendable {
        let name: String
        /// Where the name begins, in bytes from the file's start.
        let offset: Int
        let value: SourceValue
    }

    enum Content: Sendable {
        case null
        case boolean(Bool)
        /// As written: numbers are never rounded on the way.
        case number(String)
        case string(String)
        case array([SourceValue])
        /// In the order of the file, each name once.
        case object([Member])
    }

    let content: Content
    /// Where the value begins, in bytes from the file's start.
    let offset: Int
    let path: SourcePath

    /// The kind of value, as an error names it.
    var kind: String {
        switch content {
        case .null: "null"
        case .boolean: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// Whether the value says no more than its absence would: null, false, zero, or empty.
    var isInert: Bool {
        switch content {
        case .null, .boolean(false): true
        case .boolean: false
        case .number(let text): Int(text) == 0
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        }
    }

    /// The field of that name; `nil` too where it is null, which is the same as left out, and where this is no object.
    subscript(name: String) -> SourceValue? {
        guard case .object(let members) = content, let value = members.first(where: { $0.name == name })?.value
        else { return nil }
        if case .null = value.content { return nil }
        return value
    }

    /// The element of that index; `nil` too where this is no list.
    subscript(index: Int) -> SourceValue? {
        guard case .array(let elements) = content, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}
