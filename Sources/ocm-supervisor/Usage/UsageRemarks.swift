/// What a reader of an answer has to know to read it right.
struct UsageRemarks {
    let counted: CountedUsage
    let weekly: [UsageEntry]
    let period: UsagePeriod
    let query: UsageQuery
    let zone: LocalZone

    var texts: [String] {
        counted.files.flatMap(\.notes)
            + [uncounted, shared, firstDay, wholeWeeks, weekless, beforeTheDays].compactMap { $0 }
    }

    private var uncounted: String? {
        counted.uncounted.isEmpty
            ? nil : "Nothing is counted of \(counted.uncounted.joined(separator: ", ")): there is no usages_path."
    }

    private var shared: String? {
        guard let service = query.service, let file = counted.files.first, file.services.count > 1 else { return nil }
        let others = file.services.filter { $0 != service }.joined(separator: ", ")
        return "\(service) shares its usage file with \(others): these are the counts of all of them."
    }

    /// The history by day starts days at midnight, the limit's week starts when it likes.
    private var firstDay: String? {
        guard period.history == .days, query.since == .week, weekly.contains(where: { $0.week != nil }) else {
            return nil
        }
        return period.firstDay.map {
            "Days are counted whole: \($0) from midnight, the limit's week began later that day."
        }
    }

    private var wholeWeeks: String? {
        guard period.history == .weeks, period.firstDay != nil || period.lastDay != nil else { return nil }
        return "Weeks are counted whole: the first may begin before the period, and the last end after it."
    }

    private var weekless: String? {
        guard period.history == .weeks, period.isLimited else { return nil }
        let count = requests(weekly.filter { $0.week == nil })
        return count == 0 ? nil : "\(count) more requests counted for no week; of when they were, days alone can tell."
    }

    /// A file that another program began has no history by day.
    private var beforeTheDays: String? {
        guard period.history == .days else { return nil }
        var known: UInt64 = 0
        var first: String?
        for file in counted.files {
            for (key, counts) in file.book.days {
                known &+= counts.requests
                first = min(first ?? key.day, key.day)
            }
        }
        let all = requests(weekly)
        guard all > known else { return nil }
        if let first, let asked = period.firstDay, asked > first { return nil }
        return "\(all - known) more requests are in the weeks alone: the history by day does not go back to them."
    }

    private func requests(_ entries: [UsageEntry]) -> UInt64 {
        entries.reduce(0) { $0 &+ $1.sum.counts.requests }
    }
}
