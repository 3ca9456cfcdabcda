import Logging
import OCMEventLoop
import OCMIPC

/// Keeps the configured number of workers running and tells all of them the same.
@EventLoop final class WorkerFleet {
    private let program: String
    private let account: (user: UInt32, group: UInt32)?
    private let configuration: WorkerConfiguration
    let listeners = ListenerSet()
    private let rendezvous: RendezvousDirectory?
    private let logger: Logger
    /// Where workers write their log.
    private let logDescriptor: Int32
    /// What to do with what a worker says, and when one has ended and all that it said has been handled.
    var handle: (WorkerProcess, WorkerProcess.Event) -> Void = { _, _ in }
    var ended: (WorkerProcess) -> Void = { _ in }
    private(set) var workers: [WorkerProcess] = []
    private var isStopping = false
    /// Nothing is waited for any more.
    private var isHurried = false
    /// What a worker that starts has to be told, the latest of each.
    private var credentials: [String: CredentialState] = [:]
    private var addresses: [String: [SocketAddress]] = [:]
    private var readyCount = 0
    private let changed = Wakeup()

    /// Waits between attempts to replace a worker that does not live long.
    private static let backoffAtMost = Duration.seconds(30)

    init(
        program: String, account: (user: UInt32, group: UInt32)?, configuration: WorkerConfiguration,
        rendezvous: RendezvousDirectory?, logger: Logger, logDescriptor: Int32
    ) {
        self.program = program
        self.account = account
        self.configuration = configuration
        self.rendezvous = rendezvous
        self.logger = logger
        self.logDescriptor = logDescriptor
    }

    /// Lets the workers of an earlier supervisor go on.
    func takeOver(_ orphans: OrphanedWorkers) {
        workers += orphans.workers
        for worker in orphans.workers {
            EventLoop.spawn { [self] in await serve(worker) }
        }
    }

    /// Lets go of the workers of an earlier supervisor, and of the own ones: this start has failed, and the next one may not.
    func abandon() {
        isStopping = true
        for worker in workers {
            if worker.isOrphan { worker.close() } else { worker.process.kill(9) }
        }
    }

    /// Has the workers of an earlier supervisor finish what they have open, and end.
    func retireOrphans(within duration: Duration?) {
        let milliseconds = (duration ?? .seconds(365 * 86400)).wholeMilliseconds
        for worker in workers where worker.isOrphan { worker.drain(within: milliseconds) }
    }

    /// Starts the workers and waits until one of each place is ready or the deadline has come.
    ///
    /// - Returns: whether all are ready.
    func start(count: Int, until deadline: Instant) async -> Bool {
        for _ in 0..<count {
            EventLoop.spawn { [self] in await keep() }
        }
        while readyCount < count {
            if isHurried { return false }
            do { try await changed.wait(until: deadline) } catch { return false }
        }
        return true
    }

    func publish(_ credential: CredentialState, for service: String) {
        credentials[service] = credential
        broadcast(.credential(service: service, credential))
    }

    func publish(_ found: [SocketAddress], of host: String) {
        if !found.isEmpty || addresses[host] == nil { addresses[host] = found }
        broadcast(.addresses(host: host, found))
    }

    private func broadcast(_ message: SupervisorMessage) {
        for worker in workers where worker.state == .serving || worker.state == .draining { worker.send(message) }
    }

    /// What is on disk of a worker's usage.
    func acknowledge(_ acknowledgement: Acknowledgement) {
        workers.first { $0.identity == acknowledgement.worker }?
            .send(.acknowledge(sequence: acknowledgement.sequence))
    }

    /// Has a worker send again what of its usage was not acknowledged.
    func callBack(_ worker: WorkerIdentity) {
        workers.first { $0.identity == worker }?.send(.report)
    }

    /// Drains all workers and waits for their end; those that are left at the deadline are killed.
    func stop(within duration: Duration) async {
        isStopping = true
        isHurried = false
        for worker in workers { worker.drain(within: duration.wholeMilliseconds) }
        // Who comes now is refused at once, instead of waiting in a queue that nobody will serve.
        listeners.close()
        let deadline = EventLoop.now + duration + .seconds(15)
        while !workers.isEmpty {
            do {
                try await changed.wait(until: isHurried ? .now : deadline)
            } catch {
                for worker in workers { worker.process.kill(9) }
                await awaitBurials()
                return
            }
        }
    }

    /// Has a start or a stop under way wait no longer.
    func hurry() {
        isHurried = true
        changed.signal()
    }

    /// What killed workers have reported is in their channels still.
    private func awaitBurials() async {
        let deadline = EventLoop.now + .seconds(2)
        while !workers.isEmpty {
            do { try await changed.wait(until: deadline) } catch { return }
        }
    }

    /// Keeps one place filled.
    private func keep() async {
        var failures = 0
        while !isStopping {
            let start = EventLoop.now
            await runWorker()
            if isStopping { return }
            failures = EventLoop.now - start > .seconds(60) ? 0 : failures + 1
            let delay = failures < 2 ? .zero : min(.milliseconds(100) * (1 << min(failures, 10)), Self.backoffAtMost)
            if delay > .zero { try? await EventLoop.sleep(for: delay) }
        }
    }

    private func runWorker() async {
        let worker: WorkerProcess
        do throws(SystemError) {
            worker = try WorkerProcess(
                program: program, account: account, log: logDescriptor, rendezvous: rendezvous)
        } catch {
            logger.error("a worker can't be started", metadata: ["program": "\(program)", "reason": "\(error)"])
            return
        }
        workers.append(worker)
        logger.info("worker started", metadata: ["worker": "\(worker.pid)"])
        await serve(worker)
    }

    private func serve(_ worker: WorkerProcess) async {
        await worker.serve(configuration: configuration) { event in
            if case .ready = event { introduce(worker) }
            handle(worker, event)
        }
        await bury(worker)
    }

    /// Tells a worker that has become ready what the others know already.
    private func introduce(_ worker: WorkerProcess) {
        for (service, credential) in credentials { worker.send(.credential(service: service, credential)) }
        for (host, found) in addresses { worker.send(.addresses(host: host, found)) }
        for (service, descriptor) in listeners.descriptors {
            worker.send(.listen(service: service), descriptors: [descriptor])
        }
        readyCount += 1
        changed.signal()
    }

    /// A worker that has finished ends by itself; one that does not is ended.
    private func endLater(_ worker: WorkerProcess) {
        EventLoop.spawn {
            try? await EventLoop.sleep(for: .seconds(5))
            worker.process.kill(9)
        }
    }

    /// The channel has ended: so has the worker, or it must.
    private func bury(_ worker: WorkerProcess) async {
        worker.close()
        if let violation = worker.violation {
            logger.critical(
                "a worker is ended", metadata: ["worker": "\(worker.pid)", "reason": "\(violation)"])
        }
        // Without its channel it could serve on, unwatched and unreplaced.
        if worker.hasDrained { endLater(worker) } else { worker.process.kill(9) }
        let exit = try? await worker.process.exit()
        rendezvous?.remove(worker.identity)
        workers.removeAll { $0 === worker }
        ended(worker)
        if worker.state == .draining || isStopping {
            logger.info("worker ended", metadata: ["worker": "\(worker.pid)"])
        } else {
            logger.error(
                worker.isOrphan ? "worker died" : "worker died, it is replaced",
                metadata: ["worker": "\(worker.pid)", "reason": "\(exit.map(\.description) ?? "unknown")"])
        }
        changed.signal()
    }
}
