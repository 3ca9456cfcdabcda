/// Finds the model that a request's body asks for, for responses that name none.
struct RequestMeter: Sendable {
    /// The top-level `model` of the body, at most 128 bytes; empty until it is found.
    private(set) var model = ""

    /// Whether further bytes can change `model`: once it is found, or can't be any more, they need not be shown.
    private(set) var isDone = false

    /// Looks at the next bytes of the body (content, without the framing of HTTP), split anywhere.
    mutating func scan(_ bytes: Span<UInt8>) {
    }
}
