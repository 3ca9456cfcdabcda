import Logging
import OCMEventLoop
import OCMIPC

/// Everything that one configuration needs while it is served.
@EventLoop final class RunningService {
    private(set) var configuration: Configuration
    let accounts: UsageAccounts
    let logins: CredentialStores
    private let resolver: Resolver
    let fleet: WorkerFleet

    /// What the disk has at least for the last of the usage.
    private static let lastCommitTime = Duration.seconds(5)

    let rendezvous: RendezvousDirectory?
    let log: SupervisorLog
    let programs: Programs
    /// What workers are told of the configuration.
    private(set) var workers: WorkerConfiguration
    private(set) var plan: WorkerGeneration.Plan
    /// Services that are no more, and that workers may still serve.
    private(set) var retained: Set<String> = []
    /// No supervisor before this one has given its configurations these numbers: its workers may still be there.
    private var lastGeneration = UInt64(clamping: Timestamp.now.seconds) << 20
    /// The hosts that workers connect to; others are not looked up for them.
    private var hosts: [String: UInt16] = [:]
    /// What the program before this one has left in the process.
    private let inheritance: Inheritance?

    /// Does all of the start that can fail without touching what runs.
    init(
        _ configuration: Configuration, log: SupervisorLog, accounts: UsageAccounts, from inheritance: Inheritance?
    ) throws(StartFailure) {
        self.configuration = configuration
        self.accounts = accounts
        self.log = log
        self.inheritance = inheritance
        guard let programs = Programs.locate() else { throw .noWorkerProgram }
        self.programs = programs
        workers = try StartUp.workerConfiguration(configuration, generation: lastGeneration, logForm: log.target.form)
        logins = CredentialStores(
            configuration.services, try StartUp.loginSurroundings(configuration, programs), logger: log.logger)
        resolver = Resolver(program: programs.supervisor, logger: log.logger)
        rendezvous = StartUp.rendezvous(configuration, from: inheritance, log.logger)
        plan = WorkerGeneration.Plan(
            account: try StartUp.account(configuration), count: configuration.workers,
            addressSpace: UInt64(configuration.limits.memory ?? 0), log: log.target)
        fleet = WorkerFleet(program: programs.worker, rendezvous: rendezvous, logger: log.logger)
        connect()
    }

    /// What a worker says goes to the part that it concerns, and what that part says to the workers.
    private func connect() {
        accounts.acknowledge = { [fleet] in fleet.acknowledge($0) }
        accounts.callBack = { [fleet] in fleet.callBack($0) }
        fleet.ended = { [accounts] in accounts.forget($0.identity) }
        fleet.retiredEnded = { [unowned self] in tidy() }
        fleet.handle = { [unowned self] worker, event in
            switch event {
            case .ready, .pong: break
            case .usage(let sequence, let records):
                accounts.add(worker: worker.identity, sequence: sequence, records)
            case .credentialRejected(let service, let generation):
                logins.rejected(service: service, generation: generation)
            case .resolve(let host):
                guard let port = hosts[host] else { break }
                EventLoop.spawn { [resolver] in _ = try? await resolver.addresses(for: host, port: port) }
            case .limits(let service, let seen): logins.saw(seen, service: service)
            }
        }
    }

    /// Keeps up to date what the names of the hosts mean that workers connect to.
    func followHosts() {
        let endpoints = [configuration.endpoints.chatgpt, configuration.endpoints.openai]
        for (host, port) in endpoints.map({ ($0.host, $0.port) }) where hosts[host] == nil {
            hosts[host] = port
            guard SocketAddress(literal: host, port: port) == nil else { continue }
            resolver.follow(host, port: port) { [fleet] result in
                fleet.publish((try? result.get()) ?? [], of: host)
            }
        }
    }

    /// Takes over what an earlier supervisor has left, and listens.
    func open() async throws(StartFailure) {
        let orphans = await OrphanedWorkers(in: rendezvous, logger: log.logger)
        fleet.takeOver(orphans)
        try await StartUp.listen(fleet, configuration, orphans, from: inheritance, log.logger)
        inheritance?.reapChildren(besides: Set(orphans.workers.map(\.pid)))
        inheritance?.close()
    }

    /// Starts all parts; false where the workers are not ready by the deadline.
    func start(until deadline: Instant) async -> Bool {
        accounts.start()
        logins.start { [fleet] service, state in fleet.publish(state, for: service) }
        followHosts()
        let generation = fleet.start(workers, plan)
        // Who connects while the others start is served by the first that is ready.
        fleet.promote(generation, retiringWithin: nil)
        fleet.keepAsking()
        guard await fleet.isReady(generation, until: deadline) else { return false }
        fleet.retireOrphans(within: configuration.drainTimeout)
        return true
    }

    /// Ends after a start that failed. The workers of an earlier supervisor serve on.
    func abandon() async {
        fleet.abandon()
        let deadline = EventLoop.now + Self.lastCommitTime
        await accounts.close { deadline }
        await logins.stop()
    }

    /// Has a start or a reload under way come to its end: a stop is about to follow.
    func end() {
        fleet.end()
    }

    /// Has a stop under way come to its end at once.
    func hurry() {
        fleet.hurry()
    }

    /// Gives a stop under way another deadline.
    func hasten(within duration: Duration) {
        fleet.hasten(within: duration)
    }

    /// Ends the workers first, then saves what they have reported; a refresh that is under way comes to its end.
    ///
    /// - Parameter duration: nil lets it take as long as it takes.
    func stop(within duration: Duration?) async {
        await fleet.stop(within: duration)
        let least = EventLoop.now + Self.lastCommitTime
        await accounts.close { [fleet] in fleet.isHurried ? .now : max(fleet.stopDeadline, least) }
        await logins.stop()
    }
}

// Another configuration: see ``Reload``.
extension RunningService {
    func nextGeneration() -> UInt64 {
        lastGeneration += 1
        return lastGeneration
    }

    /// Takes what is in force from now on.
    func take(
        _ configuration: Configuration, _ workers: WorkerConfiguration, _ plan: WorkerGeneration.Plan,
        keeping retained: Set<String>
    ) {
        self.configuration = configuration
        self.workers = workers
        self.plan = plan
        self.retained = retained
    }

    /// Lets go of what only workers needed that are no more.
    func tidy() {
        guard !fleet.hasRetired else { return }
        retained = []
        let tags = Set(configuration.services.map(\.tag))
        let endpoints = [configuration.endpoints.chatgpt, configuration.endpoints.openai]
        hosts = hosts.filter { host, _ in endpoints.contains { $0.host == host } }
        accounts.forget(servicesBesides: tags)
        logins.forget(servicesBesides: tags)
        resolver.forget(hostsBesides: Set(hosts.keys))
        fleet.forget(servicesBesides: tags, hostsBesides: Set(hosts.keys))
    }
}
