internal import OCMEventLoop

/// The usage file and the history by day beside it, as they are written, in slices: a history of years is long.
enum UsageFile {
    /// The usage file, with the fields of the reference's in the reference's order. Costs have six decimals and are summed
    /// before they are rounded; what is empty or zero is left out where the reference leaves it out.
    @EventLoop static func usages(
        _ book: CostedBook, updated now: WallTime, zone: LocalZone, _ pace: Pace
    ) async -> [UInt8] {
        var text = JSONText()
        text.beginObject()
        text.member("last_updated")
        text.string(zone.civil(now.seconds).rfc3339(nanoseconds: now.nanoseconds))
        text.member("costs")
        text.costs(of: book, zone: zone)
        text.member("combinations")
        text.beginArray()
        for row in book.rows {
            text.element()
            text.combination(row)
            await pace.look()
        }
        text.endArray()
        text.endObject()
        text.end()
        return text.bytes
    }

    /// The history by day, a line for each row.
    @EventLoop static func daily(
        _ book: CostedBook, updated now: WallTime, zone: LocalZone, _ pace: Pace
    ) async -> [UInt8] {
        var text = JSONText()
        text.beginObject()
        text.member("last_updated")
        text.string(zone.civil(now.seconds).rfc3339(nanoseconds: now.nanoseconds))
        text.member("days")
        text.beginArray()
        for day in book.days {
            text.element()
            text.line { $0.day(day) }
            await pace.step()
        }
        text.endArray()
        text.endObject()
        text.end()
        return text.bytes
    }
}

extension JSONText {
    fileprivate mutating func costs(of book: CostedBook, zone: LocalZone) {
        object { costs in
            costs.member("total_usd")
            costs.number(book.total.dollars)
            costs.member("by_user")
            costs.amounts(book.byUser)
            if !book.byWeek.isEmpty {
                costs.member("by_week")
                costs.amounts(keyed(book.byWeek, zone))
            }
            if !book.byUserAndWeek.isEmpty {
                costs.member("by_user_and_week")
                costs.object { users in
                    for (user, weeks) in book.byUserAndWeek.sorted(by: { $0.key < $1.key }) {
                        users.member(user)
                        users.amounts(keyed(weeks, zone))
                    }
                }
            }
        }
    }

    private mutating func amounts(_ amounts: [String: PicoDollars]) {
        object { object in
            for (name, amount) in amounts.sorted(by: { $0.key < $1.key }) {
                object.member(name)
                object.number(amount.dollars)
            }
        }
    }

    fileprivate mutating func combination(_ row: CostedBook.Row) {
        object { combination in
            combination.member("model")
            combination.string(row.key.model)
            combination.member("service_tier")
            combination.string(row.key.tier.rawValue)
            combination.member("context_window")
            combination.number("\(row.key.window.rawValue)")
            if row.key.weekStart != 0 {
                combination.member("week_start_unix")
                combination.number("\(row.key.weekStart)")
            }
            combination.member("total")
            combination.object { $0.counts(row.total) }
            combination.member("by_user")
            combination.object { users in
                for (name, costed) in row.byUser {
                    users.member(name)
                    users.object { $0.counts(costed) }
                }
            }
        }
    }

    fileprivate mutating func day(_ day: CostedBook.Day) {
        member("day")
        string(day.key.day)
        member("user")
        string(day.key.user)
        member("model")
        string(day.key.model)
        member("service_tier")
        string(day.key.tier.rawValue)
        member("context_window")
        number("\(day.key.window.rawValue)")
        counts(day.costed)
    }

    private mutating func counts(_ costed: CostedBook.Costed) {
        let counts = costed.counts
        count("request_count", counts.requests)
        count("input_tokens", counts.input)
        count("output_tokens", counts.output)
        count("cached_tokens", counts.cached)
        // The reference does not have these two; what it does not have is left out while it is zero.
        if counts.cacheWrite != 0 { count("cache_write_tokens", counts.cacheWrite) }
        if counts.reasoning != 0 { count("reasoning_tokens", counts.reasoning) }
        member("cost_usd")
        number(costed.cost.dollars)
    }

    private mutating func count(_ name: String, _ count: UInt64) {
        member(name)
        number("\(count)")
    }
}

/// Weeks under the keys of the file.
private func keyed(_ weeks: [Int64: PicoDollars], _ zone: LocalZone) -> [String: PicoDollars] {
    Dictionary(weeks.map { (zone.civil($0.key).weekKey, $0.value) }, uniquingKeysWith: +)
}
