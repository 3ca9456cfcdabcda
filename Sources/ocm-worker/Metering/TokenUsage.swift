/// What one response used, as its terminal event (or its body) states it.
struct TokenUsage: Equatable, Sendable {
    /// How a response ended. Every ending that states tokens is counted.
    enum Ending: Equatable, Sendable {
        case completed, incomplete, failed
    }

    var ending: Ending
    /// The model as the response names it, at most 128 bytes; empty where it names none, or one longer than that,
    /// which is no model's name: the request's name stands in for both.
    var model = ""
    /// The service tier as the response names it, not normalised, at most 32 bytes; else empty.
    var serviceTier = ""
    /// All input tokens, cached ones and cache writes included. Counts saturate at `UInt64.max`.
    var inputTokens: UInt64 = 0
    var cachedTokens: UInt64 = 0
    var cacheWriteTokens: UInt64 = 0
    /// All output tokens, reasoning included.
    var outputTokens: UInt64 = 0
    var reasoningTokens: UInt64 = 0
}
