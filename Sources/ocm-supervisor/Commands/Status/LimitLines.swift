/// What a page says of a login's limits: how much of each window is used up, and when it begins anew.
struct LimitLines {
    let limits: StatusReport.Limits
    let time: LocalTime

    var rows: [(name: String, text: String)] {
        var texts = limits.families.flatMap { family in family.windows.map { text(of: $0, family) } }
        if let credits { texts.append(credits) }
        guard !texts.isEmpty else { return [] }
        if let seen = Timestamp(rfc3339: limits.seen) {
            texts.append("as of \(time.relative(seen)) (\(time.clock(seen)))")
        }
        return texts.enumerated().map { (name: $0.offset == 0 ? "limits" : "", text: $0.element) }
    }

    /// `5 h window 37 % used, resets 14:05:00 CET (in 2 h 10 min)`
    private func text(of window: StatusReport.Limits.Window, _ family: StatusReport.Limits.Family) -> String {
        var text = prefix(family) + Self.name(of: window)
        let used = window.used_percent.map { "\(Self.percent($0)) % used" }
        let resets = window.resets.flatMap { Timestamp(rfc3339: $0) }
        if let resets, resets <= time.now {
            // What was used of it says nothing any more.
            text += " has begun anew \(time.clock(resets)) (\(time.relative(resets)))"
        } else {
            text += " \(used ?? "use not known")"
            if let resets { text += ", resets \(time.clock(resets)) (\(time.relative(resets)))" }
        }
        return text + age(family)
    }

    /// One limit needs no name.
    private func prefix(_ family: StatusReport.Limits.Family) -> String {
        limits.families.count == 1 ? "" : "\(family.name ?? family.limit): "
    }

    private func age(_ family: StatusReport.Limits.Family) -> String {
        guard let seen = Timestamp(rfc3339: family.seen), let last = Timestamp(rfc3339: limits.seen),
            last - seen >= .seconds(60)
        else { return "" }
        return ", as of \(time.relative(seen))"
    }

    private static func name(of window: StatusReport.Limits.Window) -> String {
        guard let minutes = window.minutes, minutes > 0 else { return "window" }
        return minutes % 1440 == 0 ? "\(minutes / 1440) day window" : "\(LocalTime.words(Int64(minutes) * 60)) window"
    }

    /// `37`, `12.5`
    private static func percent(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }

    private var credits: String? {
        guard let credits = limits.credits, credits.available == true else { return nil }
        if credits.unlimited == true { return "credits without limit" }
        return credits.balance.map { "credits: \($0) left" }
    }
}
