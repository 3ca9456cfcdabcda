internal import CShims
internal import Glibc

/// The one thread of the process, as a global actor: whatever is isolated to it runs there, one piece at a time.
@globalActor
package actor EventLoop {
    package static let shared = EventLoop()

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe LoopExecutor.shared.asUnownedSerialExecutor()
    }

    /// The time at which this turn of the loop began.
    @EventLoop package static var now: Instant { poller.now }

    @EventLoop static let poller = Poller()

    /// Runs the loop on the calling thread, the process's first and only one, until `root` has returned.
    /// Tasks that it left behind stay suspended.
    package static func run(_ root: @escaping @EventLoop @Sendable () async -> Void) {
        ocm_ignore_write_signals()
        LoopExecutor.shared.adoptThread()
        let state = RunState()
        spawn {
            poller.readClock()
            await root()
            state.isFinished = true
        }
        spawn {
            while !state.isFinished {
                await LoopExecutor.shared.turn()
                if !state.isFinished { poller.poll() }
            }
        }
        LoopExecutor.shared.run { assumeIsolated { state.isFinished } }
    }

    /// Has the process end with a message when a task leaves the loop for the runtime's pool, in debug builds.
    /// For programs that have no other executor, which is all but the tests.
    package static func trapStrayTasks() {
        #if DEBUG
            ocm_trap_stray_jobs()
        #endif
    }

    /// Starts a task of its own on the loop: the only place in the project where one is made.
    @discardableResult
    package static func spawn(_ body: @escaping @EventLoop @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: LoopExecutor.shared) { await body() }
    }

    /// Suspends until the deadline. Throws ``WaitError/cancelled`` where the task is cancelled first.
    @EventLoop package static func sleep(until deadline: Instant) async throws(WaitError) {
        let wakeup = Wakeup()
        do {
            while true { try await wakeup.wait(until: deadline) }
        } catch {
            if error == .cancelled { throw error }
        }
    }

    @EventLoop package static func sleep(for duration: Duration) async throws(WaitError) {
        try await sleep(until: now + duration)
    }

    /// Lets what else waits run, and the poller look at the sockets.
    @EventLoop package static func yield() async {
        unsafe await withUnsafeContinuation { unsafe poller.nextTurn($0) }
    }

    /// Runs `body`, which is isolated to the loop, from code that the compiler can't know to be on it: cancellation
    /// handlers, which run in whoever cancels, here always code of the loop. Checked at run time.
    package nonisolated static func assumeIsolated<T>(_ body: @EventLoop () -> T) -> T {
        LoopExecutor.shared.checkIsolated()
        return withoutActuallyEscaping(body) { body in
            unsafe unsafeBitCast(body, to: (() -> T).self)()
        }
    }
}

@EventLoop private final class RunState {
    var isFinished = false
    nonisolated init() {}
}
