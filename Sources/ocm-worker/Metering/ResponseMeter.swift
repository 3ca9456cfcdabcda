/// Reads the bytes of one response's body as they pass and finds what it used.
///
/// A value of a few hundred bytes, whatever the size of the body; it copies nothing of it. Bodies with a content
/// coding are not for it.
struct ResponseMeter: Sendable {
    enum API: Sendable {
        /// `POST /v1/responses…`
        case responses
        /// `POST /v1/chat/completions`
        case chatCompletions
    }

    enum Format: Sendable {
        /// `text/event-stream`
        case eventStream
        /// `application/json`
        case json
    }

    init(api: API, format: Format) {
    }

    /// Looks at the next bytes of the body (content, without the framing of HTTP), split anywhere.
    ///
    /// - Returns: the usage, once per response, as soon as these bytes complete the JSON text that states it: to be
    ///   reported before they are forwarded.
    mutating func scan(_ bytes: Span<UInt8>) -> TokenUsage? {
        nil
    }

    /// Says that the body has ended, cleanly or not.
    ///
    /// - Returns: the usage, where only the end makes it final.
    mutating func finish() -> TokenUsage? {
        nil
    }
}
