import Glibc
import Logging
import OCMEventLoop
import OCMIPC

/// All workers, of whatever generation, and what all of them are told.
@EventLoop final class WorkerFleet {
    /// The one that serves; nil before the start.
    private(set) var current: WorkerGeneration?
    /// Those that are to take its place, or have had it and finish what is open.
    private var others: [WorkerGeneration] = []
    /// The workers of an earlier supervisor.
    private var orphans: [WorkerProcess] = []
    let listeners = ListenerSet()
    /// What to do with what a worker says, and when one has ended and all that it said has been handled.
    var handle: (WorkerProcess, WorkerProcess.Event) -> Void = { _, _ in }
    var ended: (WorkerProcess) -> Void = { _ in }
    /// Called when a worker has ended and none is left that was to end.
    var retiredEnded: () -> Void = {}

    private let program: String
    private let rendezvous: RendezvousDirectory?
    private let logger: Logger
    private var isStopping = false
    /// When a stop under way cuts what is open.
    private(set) var stopDeadline = Instant.never
    /// The service is about to end: no worker that starts is waited for.
    private var isEnding = false
    /// Nothing is waited for any more.
    private(set) var isHurried = false
    /// What a worker that starts has to be told, the latest of each.
    private var credentials: [String: CredentialState] = [:]
    private var addresses: [String: [SocketAddress]] = [:]
    private(set) var crashes = CrashRecord()
    /// A worker of the present configuration has died.
    var crashed: () -> Void = {}
    private var memoryKills = MemoryKills()
    private let changed = Wakeup()
    private let pings = Wakeup()

    /// What workers may take to end once what was open is cut.
    private static let cuttingTime = Duration.seconds(15)

    init(program: String, rendezvous: RendezvousDirectory?, logger: Logger) {
        self.program = program
        self.rendezvous = rendezvous
        self.logger = logger
    }

    var generations: [WorkerGeneration] { others + (current.map { [$0] } ?? []) }

    var workers: [WorkerProcess] { orphans + generations.flatMap(\.workers) }

    /// Whether workers are left of earlier generations or of an earlier supervisor.
    var hasRetired: Bool { !orphans.isEmpty || others.contains { $0.duty == .retired } }

    /// Something has happened that somebody may wait for.
    func noteChange() {
        changed.signal()
    }

    func noteEnd(of generation: WorkerGeneration) {
        if generation.duty == .retired, generation.workers.isEmpty { others.removeAll { $0 === generation } }
        noteEndOfRetired()
    }

    private func noteEndOfRetired() {
        if !hasRetired, !isStopping { retiredEnded() }
        changed.signal()
    }
}

// Generations.
extension WorkerFleet {
    /// Starts workers that get no listeners yet.
    func start(_ configuration: WorkerConfiguration, _ plan: WorkerGeneration.Plan) -> WorkerGeneration {
        let generation = WorkerGeneration(configuration, plan, in: self)
        others.append(generation)
        generation.start()
        return generation
    }

    /// Has a generation serve in place of the one before, which finishes what it has open.
    func promote(_ generation: WorkerGeneration, retiringWithin duration: Duration?) {
        others.removeAll { $0 === generation }
        let previous = current
        current = generation
        generation.activate()
        guard let previous else { return }
        if !previous.workers.isEmpty { others.append(previous) }
        previous.retire(within: duration)
    }

    /// Ends a generation that has not come to serve.
    func discard(_ generation: WorkerGeneration) {
        generation.abandon()
        noteEnd(of: generation)
    }

    /// Waits until one worker of each place is ready. False where the deadline comes first, or they keep dying before they
    /// are.
    ///
    /// - Parameter patience: how many may.
    func isReady(_ generation: WorkerGeneration, until deadline: Instant, patience: Int = .max) async -> Bool {
        while !generation.isReady {
            if isEnding || generation.failures > patience { return false }
            do { try await changed.wait(until: deadline) } catch { return false }
        }
        return true
    }

    /// Lets the workers of an earlier supervisor go on.
    func takeOver(_ orphans: OrphanedWorkers) {
        self.orphans += orphans.workers
        for worker in orphans.workers {
            EventLoop.spawn { [self] in
                await serve(worker, of: nil)
                self.orphans.removeAll { $0 === worker }
                noteEndOfRetired()
            }
        }
    }

    /// Has the workers of an earlier supervisor finish what they have open, and end.
    func retireOrphans(within duration: Duration?) {
        for worker in orphans { worker.drain(within: duration) }
    }

    /// Lets go of the workers of an earlier supervisor, and of the own ones: this start has failed, and the next one may not.
    func abandon() {
        isStopping = true
        for generation in generations { generation.abandon() }
        for worker in orphans { worker.close() }
    }
}

// What all of them are told.
extension WorkerFleet {
    func publish(_ credential: CredentialState, for service: String) {
        credentials[service] = credential
        broadcast(.credential(service: service, credential))
    }

    func publish(_ found: [SocketAddress], of host: String) {
        if !found.isEmpty || addresses[host] == nil { addresses[host] = found }
        broadcast(.addresses(host: host, found))
    }

    /// Has all workers that serve, or finish what is open, take what of another configuration they can take under way.
    func update(_ configuration: WorkerConfiguration) {
        for generation in generations { generation.update(configuration) }
        for orphan in orphans { bringUpToDate(orphan, configuration) }
    }

    /// Tells a worker the configuration in force, where it has started with an earlier one.
    func bringUpToDate(_ worker: WorkerProcess, _ configuration: WorkerConfiguration) {
        guard worker.isReady, worker.confirmed != configuration.generation else { return }
        var live = configuration
        live.roots = []
        worker.send(.configure(live))
    }

    /// How many workers are of a version that can't be told a configuration.
    var strangers: Int { workers.count { $0.isStranger } }

    /// Waits until all of them have said that it is in force.
    func isConfirmed(_ generation: UInt64, until deadline: Instant) async -> Bool {
        while workers.contains(where: { $0.isReady && !$0.isStranger && $0.confirmed != generation }) {
            if isEnding { return false }
            do { try await changed.wait(until: deadline) } catch { return false }
        }
        return true
    }

    /// Has those that write to a file write to the one that has its name now.
    func reopenLog(_ target: LogTarget) {
        let writers = generations.filter { $0.plan.log === target }.flatMap(\.workers)
        for worker in orphans + writers where worker.isReady {
            worker.send(.log, descriptors: [target.descriptor])
        }
    }

    /// Does not tell new workers any more of other services and hosts.
    func forget(servicesBesides tags: Set<String>, hostsBesides hosts: Set<String>) {
        credentials = credentials.filter { tags.contains($0.key) }
        addresses = addresses.filter { hosts.contains($0.key) }
    }

    private func broadcast(_ message: SupervisorMessage) {
        for worker in workers where worker.isReady { worker.send(message) }
    }

    /// Has all of them expect another supervisor.
    func leave() {
        broadcast(.leave)
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

    /// Tells a worker that has become ready what the others know already.
    private func introduce(_ worker: WorkerProcess, of generation: WorkerGeneration) {
        bringUpToDate(worker, generation.configuration)
        // It may have been opened anew since.
        worker.send(.log, descriptors: [generation.plan.log.descriptor])
        for (service, credential) in credentials { worker.send(.credential(service: service, credential)) }
        for (host, found) in addresses { worker.send(.addresses(host: host, found)) }
        if generation.duty == .serving { giveListeners(to: worker) }
    }

    func giveListeners(to worker: WorkerProcess) {
        for (service, descriptor) in listeners.descriptors {
            worker.send(.listen(service: service), descriptors: [descriptor])
        }
    }

    /// Asks all workers again and again what they have open: more often while some drain.
    func keepAsking() {
        EventLoop.spawn { [self] in
            while !isStopping || !workers.isEmpty {
                memoryKills?.look(at: EventLoop.now)
                for worker in workers {
                    worker.ping()
                    if worker.isHung { worker.end(because: "it has hung for 30 s: it answers no ping") }
                }
                let isDraining = workers.contains { $0.state == .draining }
                try? await pings.wait(until: EventLoop.now + (isDraining ? .seconds(1) : .seconds(5)))
            }
        }
    }
}

// The life of a worker.
extension WorkerFleet {
    /// Starts one; nil where that is not possible.
    func makeWorker(_ plan: WorkerGeneration.Plan) -> WorkerProcess? {
        let identity = WorkerIdentity(value: UInt128.random(in: 1...UInt128.max))
        let place = makeRendezvous(for: identity)
        do throws(SystemError) {
            let worker = try WorkerProcess(
                identity, program: program, account: plan.account, addressSpace: plan.addressSpace,
                log: plan.log.descriptor, journal: plan.log.journal, rendezvous: place?.number)
            logger.info("worker started", metadata: ["worker": "\(worker.pid)"])
            return worker
        } catch {
            rendezvous?.remove(identity)
            logger.error(
                "a worker can't be started",
                metadata: ["program": "\(Programs.name(of: program))", "reason": "\(error)"])
            return nil
        }
    }

    /// Without one, the worker ends before long where this supervisor is killed, which is no reason not to serve.
    private func makeRendezvous(for identity: WorkerIdentity) -> OpenFile? {
        guard let rendezvous else { return nil }
        do throws(SystemError) {
            return OpenFile(try rendezvous.makeSocket(for: identity))
        } catch {
            logger.warning(
                "a worker could not be taken over if this process were killed: no socket can be made for it",
                metadata: ["directory": "\(rendezvous.path)", "reason": "\(error.reason)"])
            return nil
        }
    }

    /// Does what it says until it has ended.
    func serve(_ worker: WorkerProcess, of generation: WorkerGeneration?) async {
        var isKnown = worker.isOrphan
        await worker.serve(configuration: generation?.configuration) { event in
            if case .ready = event, let generation {
                if !isKnown { introduce(worker, of: generation) }
                isKnown = true
                changed.signal()
            }
            handle(worker, event)
        }
        await bury(worker, of: generation)
    }

    /// A worker that has finished ends by itself; one that does not is ended.
    private func endLater(_ worker: WorkerProcess) {
        EventLoop.spawn {
            try? await EventLoop.sleep(for: .seconds(5))
            worker.process.kill(9)
        }
    }

    /// The channel has ended: so has the worker, or it must.
    private func bury(_ worker: WorkerProcess, of generation: WorkerGeneration?) async {
        worker.close()
        if let violation = worker.violation {
            logger.critical(
                "a worker is ended", metadata: ["worker": "\(worker.pid)", "reason": "\(violation)"])
        }
        let exit = await exit(of: worker)
        rendezvous?.remove(worker.identity)
        ended(worker)
        // Retired ones that were not ready yet are killed.
        let isRetired = generation?.duty == .retired && worker.state != .draining
        if worker.hasDrained || isStopping || isRetired {
            logger.info("worker ended", metadata: ["worker": "\(worker.pid)"])
        } else {
            noteCrash(of: worker, exit, of: generation)
            if generation?.duty == .serving { crashed() }
        }
    }

    /// How it has ended. Without its channel it could serve on, unwatched and unreplaced: one that does not end by itself is
    /// ended.
    private func exit(of worker: WorkerProcess) async -> ChildProcess.Exit {
        if worker.hasDrained {
            endLater(worker)
        } else {
            let deadline = EventLoop.now + (isStopping ? .zero : .milliseconds(500))
            if let exit = try? await worker.process.exit(until: deadline) { return exit }
            worker.end(because: worker.violation ?? "it has closed its channel")
        }
        return (try? await worker.process.exit()) ?? .unseen
    }

    private func noteCrash(of worker: WorkerProcess, _ exit: ChildProcess.Exit, of generation: WorkerGeneration?) {
        var reason = worker.violation ?? "\(exit)"
        if exit == .signal(SIGSYS) {
            reason += ": it made a system call that no worker makes (the kernel's log says which)"
        }
        if exit == .signal(SIGKILL), worker.violation == nil {
            reason +=
                memoryKills?.explains(deathAt: EventLoop.now) == true
                ? ", for want of memory" : ", which was not this supervisor's"
        }
        logger.error(
            generation.map { $0.duty != .retired } == true ? "worker died, it is replaced" : "worker died",
            metadata: ["worker": "\(worker.pid)", "reason": "\(reason)"])
        let crash = CrashRecord.Crash(time: .now, pid: worker.pid, reason: reason)
        if crashes.note(crash, at: EventLoop.now) {
            logger.critical(
                "workers keep dying: those that live for less than a minute are replaced more and more slowly",
                metadata: ["deaths": "\(crashes.count(at: EventLoop.now))", "seconds": "60"])
        }
    }
}

// The end.
extension WorkerFleet {
    /// Drains all workers and waits for their end; those that are left at the deadline are killed.
    ///
    /// - Parameter duration: nil lets them take as long as they take.
    func stop(within duration: Duration?) async {
        isStopping = true
        for generation in generations { generation.retire(within: duration) }
        retireOrphans(within: duration)
        // Who comes now is refused at once, instead of waiting in a queue that nobody will serve; where the service manager
        // has the sockets, the next start serves them.
        listeners.close()
        pings.signal()
        stopDeadline = duration.map { EventLoop.now + $0 } ?? .never
        while !workers.isEmpty {
            do {
                try await changed.wait(
                    until: isHurried ? .now : stopDeadline == .never ? .never : stopDeadline + Self.cuttingTime)
            } catch {
                for worker in workers { worker.process.kill(9) }
                await awaitBurials()
                return
            }
        }
    }

    /// Gives a stop under way another deadline.
    func hasten(within duration: Duration) {
        stopDeadline = EventLoop.now + duration
        for worker in workers { worker.drain(within: duration) }
        changed.signal()
    }

    /// Has a start or a reload under way wait no longer.
    func end() {
        isEnding = true
        changed.signal()
    }

    /// Has a stop under way wait no longer.
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
}
