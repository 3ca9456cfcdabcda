/// What one answered request used: the unit of accounting, made in a worker, kept in the supervisor's ledger.
package struct UsageRecord: Equatable, Sendable {
    /// Tag of the service that served the request.
    package var service: String
    /// Name of the user, empty where the service has no users.
    package var user: String
    /// The model as the response named it, else as the request did; empty where neither did.
    package var model: String
    /// The service tier as the response named it, not normalised; empty where it named none.
    package var serviceTier: String
    /// All input tokens, cached ones and cache writes included.
    package var inputTokens: UInt64
    package var cachedTokens: UInt64
    package var cacheWriteTokens: UInt64
    /// All output tokens, reasoning included.
    package var outputTokens: UInt64
    package var reasoningTokens: UInt64
    /// Start of the weekly limit's window, Unix seconds rounded to the minute; 0 where the response named none.
    package var weekStart: Int64
    /// When the terminal event was read, Unix seconds.
    package var time: Int64

    package init(
        service: String, user: String, model: String, serviceTier: String, inputTokens: UInt64, cachedTokens: UInt64,
        cacheWriteTokens: UInt64, outputTokens: UInt64, reasoningTokens: UInt64, weekStart: Int64, time: Int64
    ) {
        self.service = service
        self.user = user
        self.model = model
        self.serviceTier = serviceTier
        self.inputTokens = inputTokens
        self.cachedTokens = cachedTokens
        self.cacheWriteTokens = cacheWriteTokens
        self.outputTokens = outputTokens
        self.reasoningTokens = reasoningTokens
        self.weekStart = weekStart
        self.time = time
    }
}
