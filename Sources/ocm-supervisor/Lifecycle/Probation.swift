import OCMEventLoop

/// The first time of a configuration that a reload has put into force: workers that keep dying in it show that it is none
/// to serve by, although they became ready.
struct Probation {
    /// The last one that has stood it, which comes back otherwise.
    let lastGood: Configuration
    private let end: Instant
    private(set) var deaths = 0

    private static let time = Duration.seconds(30)
    static let deathsAtMost = 4

    /// - Parameters:
    ///   - before: the configuration before, which may not have stood its own probation yet.
    ///   - probation: that one.
    init(after before: Configuration, _ probation: Probation?, at now: Instant) {
        lastGood = probation.map { $0.isOver(at: now) ? before : $0.lastGood } ?? before
        end = now + Self.time
    }

    func isOver(at now: Instant) -> Bool { now >= end }

    /// A worker has died. Returns whether that is the end of the configuration.
    mutating func noteDeath(at now: Instant) -> Bool {
        guard !isOver(at: now) else { return false }
        deaths += 1
        return deaths > Self.deathsAtMost
    }
}
