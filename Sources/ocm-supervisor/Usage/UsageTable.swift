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
        let ranked = sums.map { values, sum in
            (row: Row(values: values, sum: sum), groups: by.indices.map { groups[Array(values[...$0])] ?? sum })
        }
        self.by = by
        rows = ranked.sorted { left, right in
            for (depth, dimension) in by.enumerated() where left.row.values[depth] != right.row.values[depth] {
                let (one, other) = (left.row.values[depth], right.row.values[depth])
                if dimension.isTime { return Self.isEarlier(one, other) }
                return Self.isDearer(left.groups[depth], right.groups[depth]) ?? (one < other)
            }
            return false
        }.map(\.row)
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
