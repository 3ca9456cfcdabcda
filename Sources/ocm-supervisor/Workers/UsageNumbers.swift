import OCMEventLoop
import OCMIPC

/// The numbers of a worker's usage records: each follows the one before, unless it was told to send some again. What comes
/// is bounded by what can have passed through one process since it was started.
struct UsageNumbers {
    /// The highest number that came; nil before the first.
    private var highest: UInt64?
    /// The number that follows those of the last message.
    private var next: UInt64 = 1
    /// How often it may go back to what was not acknowledged.
    private var repeats = 0
    /// What the highest number was when counting began, and when that was.
    private var base: UInt64 = 0
    private let start: Instant
    /// What an orphan may have kept from before.
    private let kept: UInt64
    /// Starts of weeks that it has named.
    private var weeks: Set<Int64> = []

    /// Responses a second, at most: one takes a core more than ten microseconds.
    private static let perSecond: UInt64 = 100_000
    /// A response names the week that it counts for. More are not kept apart.
    private static let weeksAtMost = 1000
    private static let day: Int64 = 86400

    init(isOrphan: Bool, at now: Instant) {
        start = now
        // It waits for an hour for its next supervisor, and begins with what was not acknowledged.
        kept = isOrphan ? 3600 * Self.perSecond : 0
        if !isOrphan { highest = 0 }
    }

    mutating func mayRepeat() {
        repeats += 1
    }

    /// Takes the numbers of a message: that of its first record, and how many there are.
    mutating func take(_ first: UInt64, count: UInt64, at now: Instant) throws(WorkerConduct.Violation) {
        guard first > 0, count > 0, first < .max / 2 else { throw .outOfOrder(expected: next, found: first) }
        if highest == nil { (base, highest, next) = (first - 1, first - 1, first) }
        let known = highest ?? 0
        guard first <= known + 1 else { throw .outOfOrder(expected: known + 1, found: first) }
        if first < next {
            guard repeats > 0 else { throw .outOfOrder(expected: next, found: first) }
            repeats -= 1
        }
        let last = first + count - 1
        let age = UInt64(clamping: (now - start).components.seconds) + 1
        guard last <= known || last - base <= kept + age * Self.perSecond else { throw .tooManyRecords(last) }
        next = last + 1
        highest = max(known, last)
    }

    /// A record with dates that can be: others would make new rows without end.
    mutating func dated(_ record: UsageRecord, by time: Timestamp) -> UsageRecord {
        var record = record
        let now = time.seconds
        // It may have waited for a supervisor, or for a disk.
        if !(now - 8 * Self.day...now + Self.day).contains(record.time) { record.time = now }
        if record.weekStart != 0, !weeks.contains(record.weekStart) {
            if weeks.count < Self.weeksAtMost { weeks.insert(record.weekStart) } else { record.weekStart = 0 }
        }
        return record
    }
}
