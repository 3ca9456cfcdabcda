internal import Glibc
internal import OCMEventLoop
internal import OCMIPC

/// Hands what one exchange used to the supervisor, before the bytes that say so go on to the client.
@EventLoop struct UsageHandover {
    private let service: Service
    private let user: User?
    /// Start of the week that the usage counts for.
    var weekStart: Int64 = 0
    /// The number of the record that the next bytes must not overtake.
    private(set) var unsettled: UInt64?

    init(service: Service, user: User?) {
        self.service = service
        self.user = user
    }

    /// The record is not on its way yet: what completes the response has to wait for it.
    var isHolding: Bool {
        guard let unsettled else { return false }
        return !service.reporter.isOnItsWay(unsettled)
    }

    /// - Parameter model: what was asked for; it counts where the answer names none.
    mutating func report(_ usage: TokenUsage, asked model: String) {
        unsettled = service.reporter.report(
            UsageRecord(
                service: service.tag, user: user?.name ?? "", model: usage.model.isEmpty ? model : usage.model,
                serviceTier: usage.serviceTier, inputTokens: usage.inputTokens, cachedTokens: usage.cachedTokens,
                cacheWriteTokens: usage.cacheWriteTokens, outputTokens: usage.outputTokens,
                reasoningTokens: usage.reasoningTokens, weekStart: weekStart, time: Int64(time(nil))))
    }

    /// Nothing has to be held back any more.
    mutating func settle() {
        unsettled = nil
    }
}
