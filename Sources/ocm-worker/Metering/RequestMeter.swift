internal import OCMHTTP

/// Finds the model that a request's body asks for, for responses that name none.
///
/// A value of fixed size; it copies nothing of the body. Bodies with a content coding are not for it.
struct RequestMeter: Sendable {
    /// The top-level `model` of the body, at most 128 bytes; empty until it is found.
    private(set) var model = ""

    /// Whether further bytes can change nothing: the model is found, or the body is no JSON object.
    private(set) var isDone = false

    private var json = JSONScanner()

    /// Looks at the next bytes of the body (content, without the framing of HTTP), split anywhere.
    mutating func scan(_ bytes: Span<UInt8>) {
        var position = 0
        while !isDone {
            switch json.next(in: bytes, at: &position) {
            case .key: if !json.text(in: bytes).matches("model") { json.skipValue() }
            case .string:
                model = json.copyText(from: bytes).string
                isDone = true
            case .objectStart: if json.depth > 1 { json.skipContainer() }
            case .arrayStart: json.skipContainer()
            case .objectEnd, .malformed: isDone = true
            case .number, .literal, .arrayEnd: break
            case .starved: return
            }
        }
    }
}
