internal import OCMHTTP

/// What one message of the API is, by the type that its JSON names.
enum EventType: Equatable, Sendable {
    /// `response.completed`, `response.incomplete`, `response.failed`: the last of a response.
    case ending
    /// `error`: the answer to a request that makes no response, or the end of one; `response.cancelled`.
    case error
    /// `codex.rate_limits`
    case rateLimits
    /// Any other event of a response.
    case progress
    case other

    init(_ name: Span<UInt8>) {
        if TokenUsage.Ending(event: name) != nil {
            self = .ending
        } else if name.matches("error") || name.matches("response.cancelled") {
            self = .error
        } else if name.matches("codex.rate_limits") {
            self = .rateLimits
        } else {
            self = name.count > 9 && name.extracting(0..<9).matches("response.") ? .progress : .other
        }
    }
}
