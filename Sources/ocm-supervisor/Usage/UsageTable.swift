internal import OCMEventLoop

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

    @EventLoop init(_ entries: [UsageEntry], by: [UsageDimension], _ pace: Pace) async {
        let all = Group("")
        for entry in entries {
            var group = all
            group.sum += entry.sum
            for dimension in by {
                group = group.part(entry.value(of: dimension))
                group.sum += entry.sum
            }
            await pace.step()
        }
        self.by = by
        rows = []
        if !entries.isEmpty { await addRows(of: all, [], pace) }
    }

    /// Usage that has some of the dimensions' values in common.
    private final class Group {
        let value: String
        var sum = UsageSum()
        var parts: [String: Group] = [:]

        init(_ value: String) {
            self.value = value
        }

        func part(_ value: String) -> Group {
            if let part = parts[value] { return part }
            let part = Group(value)
            parts[value] = part
            return part
        }
    }

    @EventLoop private mutating func addRows(of group: Group, _ values: [String], _ pace: Pace) async {
        await pace.step()
        guard values.count < by.count else {
            rows.append(Row(values: values, sum: group.sum))
            return
        }
        let isTime = by[values.count].isTime
        let parts = group.parts.values.sorted { one, other in
            if isTime { return Self.isEarlier(one.value, other.value) }
            return Self.isDearer(one.sum, other.sum) ?? (one.value < other.value)
        }
        for part in parts { await addRows(of: part, values + [part.value], pace) }
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
