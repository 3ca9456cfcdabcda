import OCMEventLoop

/// Which workers have died of late that nobody had asked to end.
struct CrashRecord {
    struct Crash: Equatable {
        let time: Timestamp
        let pid: Int32
        let reason: String
    }

    private(set) var last: Crash?
    private var instants: [Instant] = []
    private var isLooping = false

    /// How far back it counts.
    static let span = Duration.seconds(60)
    /// As many within that are a loop.
    static let loop = 5
    private static let keptAtMost = 1000

    /// - Returns: whether this is where a loop begins.
    mutating func note(_ crash: Crash, at now: Instant) -> Bool {
        last = crash
        instants = instants.filter { now - $0 < Self.span }.suffix(Self.keptAtMost - 1) + [now]
        let wasLooping = isLooping
        isLooping = instants.count >= Self.loop
        return isLooping && !wasLooping
    }

    func count(at now: Instant) -> Int {
        instants.count { now - $0 < Self.span }
    }
}
