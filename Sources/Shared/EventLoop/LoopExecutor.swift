internal import Glibc

/// Runs every job of the process on the one thread that called ``run(until:)``.
///
/// It is serial executor and task executor in one: the first alone would let the runtime resume continuations and
/// child tasks on its own pool and hop back. Jobs come from this thread only, so the queue needs no lock; that is
/// what `@unchecked` stands for, and a debug build checks it at each enqueue.
@safe final class LoopExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
    static let shared = LoopExecutor()

    private var thread = pthread_self()
    private var queue: ContiguousArray<UnownedJob> = []
    private var batch: ContiguousArray<UnownedJob> = []
    private var poller: UnsafeContinuation<Void, Never>?

    private init() {
        unsafe poller = nil
        queue.reserveCapacity(1024)
        batch.reserveCapacity(1024)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        assert(isOnLoop, "a job reached the event loop from another thread")
        queue.append(UnownedJob(job))
    }

    /// Makes the calling thread the loop's.
    func adoptThread() {
        thread = pthread_self()
    }

    /// Jobs wait to be run: the poller must not block.
    var hasJobs: Bool { !queue.isEmpty }

    private var isOnLoop: Bool { pthread_equal(thread, pthread_self()) != 0 }

    /// Runs jobs until `finished` says that it is enough. Whatever was enqueued runs before the poller does.
    func run(until finished: () -> Bool) {
        while !finished() {
            if queue.isEmpty {
                unsafe poller.take()?.resume()
            }
            swap(&queue, &batch)
            for job in batch {
                unsafe job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            batch.removeAll(keepingCapacity: true)
        }
    }

    /// Suspends the poller until all jobs that wait now have run.
    func turn() async {
        unsafe await withUnsafeContinuation { continuation in
            unsafe poller = continuation
        }
    }

    func checkIsolated() {
        precondition(isOnLoop, "this code must run on the event loop's thread")
    }

    func isIsolatingCurrentContext() -> Bool? {
        isOnLoop
    }
}
