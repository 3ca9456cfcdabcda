internal import CShims
internal import Glibc

/// What epoll says of a descriptor (epoll_ctl(2)).
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: OCM_EPOLLIN)
    package static let writable = Readiness(rawValue: OCM_EPOLLOUT)
    /// The peer has closed its sending side.
    package static let readHangup = Readiness(rawValue: OCM_EPOLLRDHUP)
    package static let hangup = Readiness(rawValue: OCM_EPOLLHUP)
    package static let error = Readiness(rawValue: OCM_EPOLLERR)

    static let edgeTriggered = Readiness(rawValue: OCM_EPOLLET)
    static let exclusive = Readiness(rawValue: OCM_EPOLLEXCLUSIVE)
}

/// Something with a descriptor that the loop watches. Subclasses note what became ready and signal who waits. What runs
/// for that in the same turn, see ``ReadinessHandler``, may read, write, and change what a descriptor is watched for; it
/// opens and closes none, since the turn's other events are still to be noted.
@EventLoop package class EventSource {
    /// Distinguishes this source from a former one with the same descriptor, whose events may still be on their way.
    fileprivate var generation: UInt32 = 0

    package init() {}

    func becameReady(_ readiness: Readiness) {}
}

/// The epoll instance, the table of its sources, and the queue of deadlines.
@safe @EventLoop final class Poller {
    private static let batchSize = 512

    private let epoll: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    /// Indexed by descriptor.
    private var sources: ContiguousArray<EventSource?> = []
    private var generation: UInt32 = 0
    private var yielded: ContiguousArray<UnsafeContinuation<Void, Never>>
    private(set) var now = Instant.now
    var deadlines = DeadlineQueue()

    init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        // Without an epoll instance there is no process to speak of: out of descriptors or memory at the start.
        precondition(epoll >= 0, "epoll_create1 failed")
        unsafe events = .allocate(capacity: Poller.batchSize)
        unsafe yielded = []
    }

    func add(_ source: EventSource, fd: Int32, _ interest: Readiness) throws(SystemError) {
        generation &+= 1
        source.generation = generation
        guard ocm_epoll_ctl(epoll, EPOLL_CTL_ADD, fd, interest.rawValue, cookie(fd, generation)) == 0 else {
            throw SystemError("epoll_ctl")
        }
        let index = Int(fd)
        if index >= sources.count {
            sources.append(contentsOf: repeatElement(nil, count: max(64, index * 2 + 1 - sources.count)))
        }
        sources[index] = source
    }

    func modify(_ source: EventSource, fd: Int32, _ interest: Readiness) throws(SystemError) {
        guard ocm_epoll_ctl(epoll, EPOLL_CTL_MOD, fd, interest.rawValue, cookie(fd, source.generation)) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    /// Forgets the descriptor. `isShared` is to be set where other processes hold it too: closing it here does not then
    /// end its events (epoll(7), question 6).
    func remove(fd: Int32, isShared: Bool) {
        sources[Int(fd)] = nil
        if isShared { _ = ocm_epoll_ctl(epoll, EPOLL_CTL_DEL, fd, 0, 0) }
    }

    /// Resumes after the poller has looked at the descriptors once more.
    func nextTurn(_ continuation: UnsafeContinuation<Void, Never>) {
        unsafe yielded.append(continuation)
    }

    /// Looks at the clock where no turn has: before the first one of a loop that is run.
    func readClock() {
        now = .now
    }

    /// One turn: waits for events if nothing else is to be done, notes them, and fires the timers.
    func poll() {
        let count = unsafe epoll_wait(epoll, events, Int32(Poller.batchSize), timeout())
        now = .now
        for index in 0..<Int(max(count, 0)) {
            let (cookie, readiness) = unsafe (ocm_epoll_cookie(events + index), ocm_epoll_events(events + index))
            let fd = Int(truncatingIfNeeded: cookie & 0xffff_ffff)
            guard fd < sources.count, let source = sources[fd], source.generation == UInt32(cookie >> 32) else {
                continue
            }
            source.becameReady(Readiness(rawValue: readiness))
        }
        deadlines.fire(at: now)
        if unsafe !yielded.isEmpty {
            let waiting = unsafe yielded
            unsafe yielded.removeAll(keepingCapacity: true)
            unsafe waiting.forEach { unsafe $0.resume() }
        }
    }

    /// Milliseconds for epoll_wait(2), rounded up so that a deadline has come when it returns.
    private func timeout() -> Int32 {
        if unsafe LoopExecutor.shared.hasJobs || !yielded.isEmpty { return 0 }
        let earliest = deadlines.earliest
        if earliest == .never { return -1 }
        let now = Instant.now
        if earliest <= now { return 0 }
        return Int32(clamping: (earliest.nanoseconds - now.nanoseconds + 999_999) / 1_000_000)
    }

    private func cookie(_ fd: Int32, _ generation: UInt32) -> UInt64 {
        UInt64(generation) << 32 | UInt64(UInt32(bitPattern: fd))
    }
}
