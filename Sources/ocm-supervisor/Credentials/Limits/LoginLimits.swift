internal import OCMIPC

/// What the API has said of a login's limits, the newest of each limit, whichever worker heard it. Another owner begins
/// with none.
struct LoginLimits {
    struct Seen: Equatable {
        var family: RateLimits.Family
        var time: Timestamp
    }

    struct Current: Equatable {
        /// When the API said anything last.
        var time: Timestamp
        /// The limit that requests count against; empty where the API does not say.
        var activeLimit = ""
        /// No limit twice, at most ``RateLimits/familiesAtMost``.
        var families: [Seen] = []
        var credits: RateLimits.Credits?
    }

    private var current: Current?
    private var owner: LoginOwner?
    /// The first credential of this owner: what was heard with an earlier one concerns someone else.
    private var firstGeneration: UInt64 = 0

    /// The login is of this owner from that credential on.
    mutating func follow(_ owner: LoginOwner?, from generation: UInt64) {
        guard owner != self.owner else { return }
        self.owner = owner
        firstGeneration = generation
        current = nil
    }

    /// Nil until the API has said something, to this owner.
    func current(of owner: LoginOwner) -> Current? {
        owner == self.owner ? current : nil
    }

    /// Takes in what a worker has heard.
    mutating func take(_ seen: SeenLimits, at now: Timestamp) {
        guard owner != nil, seen.generation >= firstGeneration else { return }
        let time = min(Timestamp(milliseconds: seen.time), now)
        guard var current else {
            self.current = Current(time: time)
            return take(seen, at: now)
        }
        // A clock that was set back must not hold up what is newer.
        let isNewest = time >= current.time || current.time > now
        if isNewest {
            current.time = time
            if !seen.limits.activeLimit.isEmpty { current.activeLimit = seen.limits.activeLimit }
            current.credits = seen.limits.credits ?? current.credits
        }
        for family in seen.limits.families { current.put(Seen(family: family, time: time), now) }
        self.current = current
    }
}

extension LoginLimits.Current {
    fileprivate mutating func put(_ seen: LoginLimits.Seen, _ now: Timestamp) {
        if let index = families.firstIndex(where: { $0.family.limit == seen.family.limit }) {
            if seen.time >= families[index].time || families[index].time > now { families[index] = seen }
            return
        }
        if families.count == RateLimits.familiesAtMost,
            let oldest = families.indices.min(by: { families[$0].time < families[$1].time })
        {
            families.remove(at: oldest)
        }
        families.append(seen)
    }
}

extension Timestamp {
    fileprivate init(milliseconds: Int64) {
        let (nanoseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        self.init(nanoseconds: overflow ? (milliseconds < 0 ? .min : .max) : nanoseconds)
    }
}
