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

    private(set) var rows: [RowKey: Row] = [:]
    private(set) var days: [DayKey: TokenCounts] = [:]
    private var weeks = KnownWeeks()
    /// The models of both histories.
    private(set) var models: Set<String> = []

    /// The most models whose names no price list has: a client whose answers name no model can make up as many as it likes.
    static let modelsAtMost = 2000

    /// The two histories that a request is counted in.
    struct Histories: OptionSet, Sendable {
        var rawValue: Int

        static let weeks = Histories(rawValue: 1)
        static let days = Histories(rawValue: 2)
        static let all: Histories = [.weeks, .days]
    }

    /// Counts one answered request. The prices decide which window it falls under and, once there are too many models, under
    /// which name it is counted.
    mutating func record(
        _ record: UsageRecord, prices: PriceBook, zone: LocalZone, in histories: Histories = .all
    ) {
        let tier = ServiceTier(normalising: record.serviceTier)
        let model = name(of: record.model, at: prices)
        let window = prices.window(of: model, tier: tier, inputTokens: record.inputTokens)
        let counts = TokenCounts(record)
        if histories.contains(.weeks) {
            let key = RowKey(model: model, tier: tier, window: window, weekStart: week(record.weekStart))
            update(key) { $0.add(counts, user: record.user) }
        }
        if histories.contains(.days) {
            let day = zone.civil(min(max(0, record.time), Self.lastMoment)).date
            add(counts, to: DayKey(day: day, user: record.user, model: model, tier: tier, window: window))
        }
    }

    /// Adds to a row, a new one where there is none.
    mutating func update(_ key: RowKey, _ change: (inout Row) -> Void) {
        if rows[key] == nil {
            models.insert(key.model)
            weeks.insert(key.weekStart)
        }
        change(&rows[key, default: Row()])
    }

    mutating func add(_ counts: TokenCounts, to key: DayKey) {
        if days[key] == nil { models.insert(key.model) }
        days[key, default: TokenCounts()] += counts
    }

    /// The name that a model is counted under: its own, unless there are too many.
    private func name(of model: String, at prices: PriceBook) -> String {
        models.count < Self.modelsAtMost || models.contains(model) ? model : prices.standIn(for: model)
    }

    /// The week that is known within a minute of a start, else the nearest whole minute: that the API's word on it varies
    /// by a second makes no new week.
    private func week(_ start: Int64) -> Int64 {
        guard start > 0, start <= Self.lastMoment else { return 0 }
        return weeks.near(start) ?? (start + 30) / 60 * 60
    }

    /// The end of the year 9999, in Unix seconds: later ones have no date.
    private static let lastMoment: Int64 = 253_402_300_799
}

extension UsageBook.Row {
    mutating func add(_ counts: TokenCounts, user: String) {
        total += counts
        if !user.isEmpty { byUser[user, default: TokenCounts()] += counts }
    }
}
