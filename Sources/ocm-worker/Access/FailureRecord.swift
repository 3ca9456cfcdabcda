internal import OCMEventLoop

/// Slows down who guesses tokens, and keeps the log short about it. A valid token never gets here.
struct FailureRecord {
    private struct Entry {
        var count: UInt32
        var windowEnd: Instant
    }

    /// Failures of one address in a minute that are answered at once.
    private static let freeFailures: UInt32 = 5
    /// More addresses than this are not told apart: then the record starts anew.
    private static let addressesAtMost = 4096

    private var entries: [String: Entry] = [:]

    /// Notes a failure.
    ///
    /// - Returns: how long the answer is to be held back, and whether this failure is to be logged (once a minute).
    mutating func note(_ address: String, at now: Instant) -> (delay: Duration, isLogged: Bool) {
        if entries.count >= Self.addressesAtMost, entries[address] == nil { entries.removeAll() }
        var entry = entries[address] ?? Entry(count: 0, windowEnd: now + .seconds(60))
        if entry.windowEnd <= now { entry = Entry(count: 0, windowEnd: now + .seconds(60)) }
        entry.count += 1
        entries[address] = entry
        let excess = entry.count > Self.freeFailures ? min(entry.count - Self.freeFailures, 20) : 0
        return (.milliseconds(100) * Int(excess), entry.count == 1)
    }
}
