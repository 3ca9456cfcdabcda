import Logging
import OCMEventLoop

/// The workers that an earlier supervisor has left behind: they go on until there are new ones, then drain.
@EventLoop struct OrphanedWorkers {
    let workers: [WorkerProcess]

    /// A worker that does not answer by then is ended: it would keep the address.
    private static let answerTime = Duration.seconds(1)

    static let none = OrphanedWorkers(workers: [])

    private init(workers: [WorkerProcess]) {
        self.workers = workers
    }

    /// Claims what is found in the directory.
    init(in rendezvous: RendezvousDirectory, logger: Logger) async {
        var found: [WorkerProcess] = []
        rendezvous.orphans { orphan in
            if let worker = try? WorkerProcess(orphan) { found.append(worker) }
        }
        var claimed: [WorkerProcess] = []
        for worker in found {
            if await worker.claim(until: EventLoop.now + Self.answerTime) {
                logger.notice("a worker of an earlier supervisor is taken over", metadata: ["worker": "\(worker.pid)"])
                claimed.append(worker)
                continue
            }
            logger.error(
                "a worker of an earlier supervisor is ended",
                metadata: ["worker": "\(worker.pid)", "reason": "\(worker.violation ?? "it has gone")"])
            worker.close()
            worker.process.kill(9)
            _ = try? await worker.process.exit()
            rendezvous.remove(worker.identity)
        }
        workers = claimed
    }

    /// What they have listened on, which belongs to the caller.
    func takeListeners() -> [(service: String, number: Int32)] {
        workers.flatMap { $0.takeListeners() }
    }
}
