/// Why a wait ended without what it waited for.
package enum WaitError: Error, Equatable, Sendable {
    case timedOut
    case cancelled
}

/// Does what a ready socket asks for, without the task that waits for it.
@EventLoop package protocol ReadinessHandler: AnyObject {
    /// A socket has become ready. To be done at once, and without waiting.
    ///
    /// - Returns: whether the task can go on waiting, and until the same deadline.
    func handleReadiness() -> Bool
}

/// The condition on which one task waits: for sockets to become ready, for messages, or for time to pass.
///
/// Everything that may concern the task signals the same object, and the task then looks at all of it. An exchange with
/// two sockets so needs no second task. A signal that comes before the wait is kept, so none is lost.
///
/// Most of what a connection does is to move bytes when a socket is ready. A ``handler`` does that in the loop's own turn,
/// and the task is resumed only where something else is to be done.
///
/// The timer is lazy: a wait with a later deadline than the one before leaves the armed timer where it is, and the
/// timer, when it fires early, arms itself for the deadline that holds by then. A stream of events costs no timer work.
@safe @EventLoop package final class Wakeup {
    private var continuation: UnsafeContinuation<Void, Never>?
    private var isSignalled = false
    private var isCancelled = false
    private var deadline = Instant.never
    /// Asked first when a socket is ready while the task waits. To be taken back by whoever sets it.
    package var handler: (any ReadinessHandler)?
    /// Place in the queue of deadlines; kept by ``DeadlineQueue``.
    var heapIndex = -1

    package init() {}

    /// Ends the wait, or the next one if none is on. To be called on the loop only, like everything here.
    package func signal() {
        isSignalled = true
        resume()
    }

    /// A socket is ready: ends the wait, or the next one, unless the handler sees to it.
    func noteReadiness() {
        if unsafe continuation != nil, let handler, handler.handleReadiness() { return }
        signal()
    }

    private func resume() {
        guard let waiting = unsafe continuation else { return }
        unsafe continuation = nil
        unsafe waiting.resume()
    }

    /// Suspends until a signal, at most until the deadline.
    package func wait(until deadline: Instant = .never) async throws(WaitError) {
        if isSignalled {
            isSignalled = false
            return
        }
        if deadline <= EventLoop.now { throw .timedOut }
        self.deadline = deadline
        EventLoop.poller.deadlines.arm(self, for: deadline)
        await withTaskCancellationHandler {
            unsafe await withUnsafeContinuation { continuation in
                if isCancelled || Task.isCancelled {
                    isCancelled = true
                    unsafe continuation.resume()
                } else {
                    unsafe self.continuation = continuation
                }
            }
        } onCancel: {
            EventLoop.assumeIsolated {
                isCancelled = true
                resume()
            }
        }
        self.deadline = .never
        if isSignalled {
            isSignalled = false
        } else if isCancelled {
            throw .cancelled
        } else {
            throw .timedOut
        }
    }

    /// As ``wait(until:)``, for a task that is never cancelled, and so in less memory and time.
    ///
    /// - Returns: false where the deadline has come first.
    package func isSignalled(by deadline: Instant) async -> Bool {
        if !isSignalled {
            if deadline <= EventLoop.now { return false }
            self.deadline = deadline
            EventLoop.poller.deadlines.arm(self, for: deadline)
            unsafe await withUnsafeContinuation { unsafe self.continuation = $0 }
            self.deadline = .never
        }
        defer { isSignalled = false }
        return isSignalled
    }

    /// The armed timer has come: ends the wait if its deadline has too. Returns the deadline to be armed for, if any.
    func timerFired(at now: Instant) -> Instant? {
        guard unsafe continuation != nil else { return nil }
        guard deadline <= now else { return deadline == .never ? nil : deadline }
        resume()
        return nil
    }

    /// Takes the timer out of the queue. To be called when the owner closes, so that nothing is kept until the timer.
    package func disarm() {
        EventLoop.poller.deadlines.remove(self)
    }
}
