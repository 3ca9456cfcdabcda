internal import OCMHTTP

/// Follows the JSON of one message of a client to its type and its model, the first of each that are strings.
struct RequestDocument: Sendable {
    private enum Member: Sendable {
        case type, model

        /// The member of that name; nil where it is of no interest.
        init?(_ name: Span<UInt8>) {
            if name.matches("type") {
                self = .type
            } else if name.matches("model") {
                self = .model
            } else {
                return nil
            }
        }
    }

    private var json = JSONScanner()
    /// The member whose value comes next.
    private var member = Member.type
    private var hasType = false
    private var hasModel = false

    /// Whether the type is `response.create`.
    private(set) var isRequest = false
    private(set) var model = BoundedText()

    /// Looks at the next bytes of the text.
    ///
    /// - Returns: whether further bytes can change nothing.
    mutating func scan(_ bytes: Span<UInt8>) -> Bool {
        var position = 0
        while true {
            switch json.next(in: bytes, at: &position) {
            case .key: enterMember(Member(json.text(in: bytes)))
            case .string: if takeText(bytes) { return true }
            case .objectStart: if json.depth > 1 { json.skipContainer() }
            case .arrayStart: json.skipContainer()
            case .objectEnd, .malformed: return true
            case .number, .literal, .arrayEnd: break
            case .starved: return json.isComplete
            }
        }
    }

    private mutating func enterMember(_ next: Member?) {
        switch next {
        case .type? where !hasType: member = .type
        case .model? where !hasModel: member = .model
        default: json.skipValue()
        }
    }

    /// Whether nothing is left to be found.
    private mutating func takeText(_ bytes: Span<UInt8>) -> Bool {
        switch member {
        case .type:
            hasType = true
            isRequest = json.text(in: bytes).matches("response.create")
            return !isRequest || hasModel
        case .model:
            hasModel = true
            model = json.copyText(from: bytes)
            return hasType
        }
    }
}
