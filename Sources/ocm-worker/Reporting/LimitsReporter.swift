internal import Glibc
internal import OCMEventLoop
internal import OCMHTTP
internal import OCMIPC

/// Tells the supervisor what the API says of the limits of one service's login: what is new once a second at most, what
/// is not once a minute, so that it is known to hold still.
@EventLoop final class LimitsReporter {
    private let service: String
    private let link: SupervisorLink
    private var reader = RateLimitReader()
    /// What the supervisor has not been told.
    private var pending: SeenLimits?
    /// What it was told last.
    private var told: SeenLimits?
    private var lastTold: Instant?
    private var isWaiting = false

    private static let interval = Duration.seconds(1)
    private static let repetition = Duration.seconds(60)

    init(service: String, link: SupervisorLink) {
        self.service = service
        self.link = link
    }

    /// Takes in a response's head.
    ///
    /// - Parameter generation: of the credential that the request was made with.
    /// - Returns: the start of the week that the response counts for, see ``RateLimits/weekStart``.
    func read(_ head: ResponseHead, of bytes: Span<UInt8>, generation: UInt64) -> Int64 {
        let isNew = reader.read(head.fields, of: bytes) || (pending ?? told)?.generation != generation
        if isNew || hasBeenSilent(for: Self.repetition), !reader.limits.isEmpty { note(generation) }
        return reader.weekStart
    }

    /// Takes in what the API says in the middle of a connection; nothing where that is older than the credential that is in
    /// use now, which may be another login's.
    ///
    /// - Returns: as ``read(_:of:generation:)``.
    func take(_ limits: RateLimits, generation: UInt64) -> Int64? {
        if let last = pending ?? told, generation < last.generation { return nil }
        let isNew = reader.take(limits) || (pending ?? told)?.generation != generation
        if isNew || hasBeenSilent(for: Self.repetition) { note(generation) }
        return reader.weekStart
    }

    private func hasBeenSilent(for duration: Duration) -> Bool {
        lastTold.map { EventLoop.now - $0 >= duration } ?? true
    }

    private func note(_ generation: UInt64) {
        var moment = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &moment)
        let time = Int64(moment.tv_sec) * 1000 + Int64(moment.tv_nsec) / 1_000_000
        var limits = reader.limits
        // What other limits were said to be since the last message is not to be lost.
        if let pending, pending.generation == generation {
            limits = pending.limits
            limits.merge(reader.limits)
        }
        pending = SeenLimits(generation: generation, time: time, limits: limits)
        tell()
    }

    /// Sends what is pending, now or when it may be.
    private func tell() {
        if isWaiting { return }
        if hasBeenSilent(for: Self.interval), !link.isCongested {
            send()
        } else {
            isWaiting = true
            EventLoop.spawn { [self] in
                try? await EventLoop.sleep(for: Self.interval)
                isWaiting = false
                if pending != nil { tell() }
            }
        }
    }

    private func send() {
        guard let seen = pending, link.send(.limits(service: service, seen)) else { return }
        pending = nil
        told = seen
        lastTold = EventLoop.now
    }

    /// The same credential has come under another number: another supervisor may have come, which knows nothing yet, and
    /// may have this worker end at once.
    func tellAgain(of generation: UInt64) {
        guard var seen = pending ?? told else { return }
        seen.generation = generation
        pending = seen
        if link.isCongested { tell() } else { send() }
    }
}
