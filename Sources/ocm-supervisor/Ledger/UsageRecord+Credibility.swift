internal import OCMIPC

extension UsageRecord {
    /// No request uses as many tokens: such a count is the API's mistake or somebody's joke, and would spoil all sums. Eight
    /// million requests of this size fit into a sum.
    static let mostTokens: UInt64 = 1 << 40

    var isCredible: Bool {
        max(inputTokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens) <= Self.mostTokens
    }
}
