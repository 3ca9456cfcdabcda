internal import OCMEventLoop

/// Slows down who guesses tokens, and keeps the log short about it. A valid token never gets here.
///
/// Its memory is a table of fixed size: blocks of addresses share places, which they can't choose, and a place is slow for
/// all who fail in it. A flood from many addresses so forgets nobody.
struct FailureRecord {
    private struct Place {
        var count: UInt32 = 0
        var windowEnd = Instant(nanoseconds: 0)
    }

    /// Failures in a minute that are answered at once.
    private static let freeFailures: UInt32 = 5
    private static let placeCount = 4096
    /// Answers that are held back at the same time; more would be a flood's own memory.
    private static let heldAtMost = 256

    /// Made when there is a failure to note.
    private var places: [Place] = []
    private var held = 0

    /// Notes a failure.
    ///
    /// - Returns: how long the answer is to be held back, and whether this failure is to be logged (once a minute).
    mutating func note(_ block: AddressBlock, at now: Instant) -> (delay: Duration, isLogged: Bool) {
        if places.isEmpty { places = Array(repeating: Place(), count: Self.placeCount) }
        // Hashes differ from process to process.
        let index = Int(truncatingIfNeeded: UInt(bitPattern: block.hashValue) % UInt(Self.placeCount))
        if places[index].windowEnd <= now { places[index] = Place(count: 0, windowEnd: now + .seconds(60)) }
        places[index].count &+= 1
        let count = places[index].count
        let excess = count > Self.freeFailures ? min(count - Self.freeFailures, 20) : 0
        return (.milliseconds(100) * Int(excess), count == 1)
    }

    /// Whether another answer may be held back; then ``letGo()`` has to follow.
    mutating func hold() -> Bool {
        guard held < Self.heldAtMost else { return false }
        held += 1
        return true
    }

    mutating func letGo() {
        held -= 1
    }
}
