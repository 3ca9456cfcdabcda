internal import OCMIPC

/// Sums over requests. They stop at the largest number that a signed 64-bit reader of the file can hold.
struct TokenCounts: Hashable, Sendable {
    var requests: UInt64 = 0
    /// All input tokens, those read from and written to the cache included.
    var input: UInt64 = 0
    var cached: UInt64 = 0
    var cacheWrite: UInt64 = 0
    /// All output tokens, reasoning included.
    var output: UInt64 = 0
    var reasoning: UInt64 = 0

    init() {}

    init(_ record: UsageRecord) {
        requests = 1
        input = Self.bounded(record.inputTokens)
        cached = Self.bounded(record.cachedTokens)
        cacheWrite = Self.bounded(record.cacheWriteTokens)
        output = Self.bounded(record.outputTokens)
        reasoning = Self.bounded(record.reasoningTokens)
    }

    static func += (left: inout TokenCounts, right: TokenCounts) {
        left.requests = sum(left.requests, right.requests)
        left.input = sum(left.input, right.input)
        left.cached = sum(left.cached, right.cached)
        left.cacheWrite = sum(left.cacheWrite, right.cacheWrite)
        left.output = sum(left.output, right.output)
        left.reasoning = sum(left.reasoning, right.reasoning)
    }

    private static let highest = UInt64(Int64.max)

    private static func bounded(_ count: UInt64) -> UInt64 {
        min(count, highest)
    }

    private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        // Neither is above Int64.max, so this does not overflow.
        bounded(left + right)
    }
}
