import OCMEventLoop

/// So many at once, and so many a second in the long run.
struct Allowance {
    private let perSecond: UInt64
    private let burst: UInt64
    private var left: UInt64
    /// Up to when what has come back is counted.
    private var counted: Instant

    init(perSecond: UInt64, burst: UInt64, at now: Instant) {
        self.perSecond = max(1, perSecond)
        self.burst = burst
        left = burst
        counted = now
    }

    /// False where none is left.
    mutating func spend(at now: Instant) -> Bool {
        let interval = 1_000_000_000 / perSecond
        let elapsed = now > counted ? now.nanoseconds - counted.nanoseconds : 0
        left = min(burst, left + min(burst, elapsed / interval))
        counted = counted.after(nanoseconds: elapsed / interval * interval)
        guard left > 0 else { return false }
        left -= 1
        return true
    }

    /// One more.
    mutating func grant() {
        left = min(burst, left + 1)
    }
}
