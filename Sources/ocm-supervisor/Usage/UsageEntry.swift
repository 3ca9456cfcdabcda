internal import OCMEventLoop

/// Counts and what they come to.
struct UsageSum: Equatable, Sendable {
    var counts = TokenCounts()
    var cost = PicoDollars.zero

    static func += (left: inout UsageSum, right: UsageSum) {
        left.counts += right.counts
        left.cost += right.cost
    }
}

/// One row of a history, for one user.
struct UsageEntry: Equatable, Sendable {
    /// The day's date, in the history by day alone.
    var day: String?
    /// Unix seconds, in the history by week alone; nil there too for what counted for no week.
    var week: Int64?
    /// Empty where requests need no user.
    var user: String
    var model: String
    var tier: ServiceTier
    var sum: UsageSum

    /// What tells it from others in one respect; empty where it has nothing to say there.
    func value(of dimension: UsageDimension) -> String {
        switch dimension {
        case .user: user
        case .model: model
        case .tier: tier.rawValue
        case .week: week.map { "\($0)" } ?? ""
        case .day: day ?? ""
        }
    }
}

extension UsageBook {
    /// The rows by week, each user's for itself, at these prices.
    @EventLoop func weeklyEntries(at prices: PriceBook, _ pace: Pace) async -> [UsageEntry] {
        var lookup = PriceLookup(prices)
        var entries: [UsageEntry] = []
        for (key, row) in rows {
            let price = lookup.price(of: key.model, tier: key.tier, in: key.window)
            for (user, counts) in row.shares {
                entries.append(
                    UsageEntry(
                        week: key.weekStart == 0 ? nil : key.weekStart, user: user, model: key.model, tier: key.tier,
                        sum: UsageSum(counts: counts, cost: price?.cost(of: counts) ?? .zero)))
            }
            await pace.look()
        }
        return entries
    }

    /// The history by day at these prices, from one date to another, both included.
    @EventLoop func dailyEntries(
        at prices: PriceBook, from first: String?, to last: String?, _ pace: Pace
    ) async -> [UsageEntry] {
        var lookup = PriceLookup(prices)
        var entries: [UsageEntry] = []
        for (key, counts) in days {
            await pace.step()
            if let first, key.day < first { continue }
            if let last, key.day > last { continue }
            let price = lookup.price(of: key.model, tier: key.tier, in: key.window)
            entries.append(
                UsageEntry(
                    day: key.day, user: key.user, model: key.model, tier: key.tier,
                    sum: UsageSum(counts: counts, cost: price?.cost(of: counts) ?? .zero)))
        }
        return entries
    }
}

extension UsageBook.Row {
    /// The users' counts, and under an empty name what was counted without a user.
    fileprivate var shares: [(user: String, counts: TokenCounts)] {
        var rest = total
        for counts in byUser.values { rest.subtract(counts) }
        let users = byUser.map { (user: $0.key, counts: $0.value) }
        return rest == TokenCounts() ? users : users + [(user: "", counts: rest)]
    }
}

extension TokenCounts {
    /// Stops at zero: a file that was edited by hand may say anything.
    fileprivate mutating func subtract(_ other: TokenCounts) {
        requests -= min(requests, other.requests)
        input -= min(input, other.input)
        cached -= min(cached, other.cached)
        cacheWrite -= min(cacheWrite, other.cacheWrite)
        output -= min(output, other.output)
        reasoning -= min(reasoning, other.reasoning)
    }
}
