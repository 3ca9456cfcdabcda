internal import OCMIPC

/// What was used, counted: by model, tier, window and week, and by day. Knows no file and no clock.
struct UsageBook: Equatable, Sendable {
    /// What a row of the usage file counts.
    struct RowKey: Hashable, Sendable {
        var model: String
        var tier: ServiceTier
        var window: ContextWindow
        /// Unix seconds; 0 where no weekly window was named.
        var weekStart: Int64
    }

    struct Row: Equatable, Sendable {
        var total = TokenCounts()
        /// Requests without a user are in the total alone.
        var byUser: [String: TokenCounts] = [:]
    }

    /// What a row of the history by day counts. The window is part of it because it is part of the price.
    struct DayKey: Hashable, Sendable {
        /// The local date: `2026-03-09`.
        var day: String
        var user: String
        var model: String
        var tier: ServiceTier
        var window: ContextWindow
    }

    var rows: [RowKey: Row] = [:]
    var days: [DayKey: TokenCounts] = [:]

    /// The two histories that a request is counted in.
    struct Histories: OptionSet, Sendable {
        var rawValue: Int

        static let weeks = Histories(rawValue: 1)
        static let days = Histories(rawValue: 2)
        static let all: Histories = [.weeks, .days]
    }

    /// Counts one answered request. The prices decide which window it falls under, nothing else.
    mutating func record(
        _ record: UsageRecord, prices: PriceBook, zone: LocalZone, in histories: Histories = .all
    ) {
        let tier = ServiceTier(normalising: record.serviceTier)
        let window = prices.window(of: record.model, tier: tier, inputTokens: record.inputTokens)
        let counts = TokenCounts(record)
        if histories.contains(.weeks) {
            let week = Self.wholeMinutes(record.weekStart)
            let key = RowKey(model: record.model, tier: tier, window: window, weekStart: week)
            rows[key, default: Row()].add(counts, user: record.user)
        }
        if histories.contains(.days) {
            let day = zone.civil(record.time).date
            let key = DayKey(day: day, user: record.user, model: record.model, tier: tier, window: window)
            days[key, default: TokenCounts()] += counts
        }
    }

    /// The nearest whole minute: one second of jitter makes no new week.
    private static func wholeMinutes(_ seconds: Int64) -> Int64 {
        guard seconds > 0, seconds < .max - 30 else { return 0 }
        return (seconds + 30) / 60 * 60
    }
}

extension UsageBook.Row {
    mutating func add(_ counts: TokenCounts, user: String) {
        total += counts
        if !user.isEmpty { byUser[user, default: TokenCounts()] += counts }
    }
}
