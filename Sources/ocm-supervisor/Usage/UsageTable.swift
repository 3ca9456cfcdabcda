/// Usage added up by some of what tells it apart.
struct UsageTable: Equatable, Sendable {
    struct Row: Equatable, Sendable {
        /// One for each of the table's dimensions, in their order. A week is its start in Unix seconds; empty stands for
        /// no user, no model or no week.
        var values: [String]
        var sum: UsageSum
    }

    var by: [UsageDimension]
    /// Groups within groups, in the order of the dimensions: days and weeks as they come, others the dearest first.
    var rows: [Row]

    init(by: [UsageDimension], rows: [Row]) {
        self.by = by
        self.rows = rows
    }

    init(_ entries: [UsageEntry], by: [UsageDimension]) {
        var sums: [[String]: UsageSum] = [:]
        for entry in entries { sums[by.map { entry.value(of: $0) }, default: UsageSum()] += entry.sum }
        // What each group of a higher level comes to decides where it stands.
        var groups: [[String]: UsageSum] = [:]
        for (values, sum) in sums {
            for depth in by.indices { groups[Array(values[...depth]), default: UsageSum()] += sum }
        }
        self.by = by
        rows = sums.map { Row(values: $0.key, sum: $0.value) }.sorted { left, right in
            for (depth, dimension) in by.enumerated() where left.values[depth] != right.values[depth] {
                let names = (left.values[depth], right.values[depth])
                if dimension.isTime { return Self.isEarlier(names.0, names.1) }
                let sums = (groups[Array(left.values[...depth])], groups[Array(right.values[...depth])])
                return Self.isDearer(sums.0 ?? UsageSum(), sums.1 ?? UsageSum()) ?? (names.0 < names.1)
            }
            return false
        }
    }

    /// Dates and Unix seconds alike; what has none is first.
    private static func isEarlier(_ left: String, _ right: String) -> Bool {
        (left.utf8.count, left) < (right.utf8.count, right)
    }

    /// By cost, then by requests; nil where both are equal.
    private static func isDearer(_ left: UsageSum, _ right: UsageSum) -> Bool? {
        let (one, other) = ((left.cost, left.counts.requests), (right.cost, right.counts.requests))
        return one == other ? nil : one > other
    }
}
