internal import OCMEventLoop

/// A book with what it comes to at the prices in force: costs are derived whenever they are shown, the past included.
struct CostedBook {
    struct Row {
        var key: UsageBook.RowKey
        var total: Costed
        /// By name.
        var byUser: [(name: String, costed: Costed)]
    }

    struct Day {
        var key: UsageBook.DayKey
        var costed: Costed
    }

    struct Costed {
        var counts: TokenCounts
        var cost: PicoDollars
    }

    /// Sorted by model, tier, window and week.
    private(set) var rows: [Row] = []
    /// Sorted by day, user, model, tier and window.
    private(set) var days: [Day] = []
    private(set) var total = PicoDollars.zero
    private(set) var byUser: [String: PicoDollars] = [:]
    /// By the week's start in Unix seconds; rows without a week are in the other sums alone.
    private(set) var byWeek: [Int64: PicoDollars] = [:]
    private(set) var byUserAndWeek: [String: [Int64: PicoDollars]] = [:]
    /// Models that were counted at no cost for want of a price.
    private(set) var unpriced: Set<String> = []

    @EventLoop init(_ book: UsageBook, prices: PriceBook, _ pace: Pace) async {
        var lookup = PriceLookup(prices)
        for key in await book.rows.keys.sorted(within: \.model, pace) {
            guard let row = book.rows[key] else { continue }
            let price = lookup.price(of: key.model, tier: key.tier, in: key.window)
            if price == nil { unpriced.insert(key.model) }
            add(key, row, price)
            await pace.look()
        }
        for key in await book.days.keys.sorted(within: \.day, pace) {
            guard let counts = book.days[key] else { continue }
            let cost = lookup.price(of: key.model, tier: key.tier, in: key.window)?.cost(of: counts) ?? .zero
            days.append(Day(key: key, costed: Costed(counts: counts, cost: cost)))
            await pace.step()
        }
    }

    private mutating func add(_ key: UsageBook.RowKey, _ row: UsageBook.Row, _ price: Price?) {
        func costed(_ counts: TokenCounts) -> Costed {
            Costed(counts: counts, cost: price?.cost(of: counts) ?? .zero)
        }
        let sum = costed(row.total)
        let users = row.byUser.sorted { $0.key < $1.key }.map { (name: $0.key, costed: costed($0.value)) }
        rows.append(Row(key: key, total: sum, byUser: users))
        total += sum.cost
        if key.weekStart != 0 { byWeek[key.weekStart, default: .zero] += sum.cost }
        for (name, costed) in users {
            byUser[name, default: .zero] += costed.cost
            if key.weekStart != 0 { byUserAndWeek[name, default: [:]][key.weekStart, default: .zero] += costed.cost }
        }
    }
}

extension Collection where Element: Comparable {
    /// In order, in slices: sorted by what their order looks at first, and then within it.
    @EventLoop fileprivate func sorted(within first: KeyPath<Element, String>, _ pace: Pace) async -> [Element] {
        var groups: [String: [Element]] = [:]
        for element in self {
            groups[element[keyPath: first], default: []].append(element)
            await pace.step()
        }
        var sorted: [Element] = []
        sorted.reserveCapacity(count)
        for (_, group) in groups.sorted(by: { $0.key < $1.key }) {
            sorted += group.sorted()
            await pace.look()
        }
        return sorted
    }
}

extension UsageBook.RowKey: Comparable {
    static func < (left: Self, right: Self) -> Bool {
        (left.model, left.tier, left.window, left.weekStart) < (right.model, right.tier, right.window, right.weekStart)
    }
}

extension UsageBook.DayKey: Comparable {
    static func < (left: Self, right: Self) -> Bool {
        (left.day, left.user, left.model, left.tier, left.window)
            < (right.day, right.user, right.model, right.tier, right.window)
    }
}
