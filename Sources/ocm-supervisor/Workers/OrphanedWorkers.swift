import Glibc
import Logging
import OCMEventLoop

/// The workers that an earlier supervisor has left behind: they go on until there are new ones, then drain.
@EventLoop final class OrphanedWorkers {
    private(set) var workers: [WorkerProcess] = []
    private let logger: Logger
    private let changed = Wakeup()
    private var unanswered = 0

    /// A worker that does not answer by then is ended: it would keep the address.
    private static let answerTime = Duration.seconds(10)

    /// Claims what is found in the directory.
    init(in rendezvous: RendezvousDirectory?, logger: Logger) async {
        self.logger = logger
        guard let rendezvous else { return }
        for worker in find(in: rendezvous) {
            unanswered += 1
            EventLoop.spawn { [self] in
                await claim(worker, rendezvous)
                unanswered -= 1
                changed.signal()
            }
        }
        while unanswered > 0 { try? await changed.wait() }
    }

    private func find(in rendezvous: RendezvousDirectory) -> [WorkerProcess] {
        var found: [WorkerProcess] = []
        rendezvous.orphans { identity, result in
            do throws(SystemError) {
                found.append(try WorkerProcess(try result.get(), identity))
            } catch  where error.code == ESRCH || error.code == ECONNREFUSED {
                // It has just ended.
                rendezvous.remove(identity)
            } catch {
                logger.error(
                    "a worker of an earlier supervisor can't be taken over", metadata: ["reason": "\(error)"])
            }
        }
        return found
    }

    private func claim(_ worker: WorkerProcess, _ rendezvous: RendezvousDirectory) async {
        if await worker.claim(until: EventLoop.now + Self.answerTime) {
            logger.notice("a worker of an earlier supervisor is taken over", metadata: ["worker": "\(worker.pid)"])
            workers.append(worker)
            return
        }
        // One that had finished may have been about to end when it was found.
        if worker.violation == nil, (try? await worker.process.exit(until: EventLoop.now + .seconds(1))) != nil {
            logger.info("a worker of an earlier supervisor has ended", metadata: ["worker": "\(worker.pid)"])
            worker.close()
            return rendezvous.remove(worker.identity)
        }
        guard worker.isWorkerProcess else {
            // Whoever made that socket, it is no worker's.
            logger.error(
                "a process in the place of a worker is left alone", metadata: ["process": "\(worker.pid)"])
            worker.close()
            return rendezvous.remove(worker.identity)
        }
        logger.error(
            "a worker of an earlier supervisor is ended",
            metadata: ["worker": "\(worker.pid)", "reason": "\(worker.violation ?? "it has closed its channel")"])
        worker.close()
        worker.process.kill(9)
        _ = try? await worker.process.exit()
        rendezvous.remove(worker.identity)
    }

    /// What they have listened on, which belongs to the caller.
    func takeListeners() -> [(service: String, number: Int32)] {
        workers.flatMap { $0.takeListeners() }
    }
}
