import Logging
import OCMEventLoop
import OCMIPC

/// Everything that one configuration needs while it is served.
@EventLoop final class RunningService {
    let configuration: Configuration
    let accounts: UsageAccounts
    let logins: CredentialStores
    private let resolver: Resolver
    let fleet: WorkerFleet

    /// What the disk has at least for the last of the usage.
    private static let lastCommitTime = Duration.seconds(5)

    /// - Parameters:
    ///   - rendezvous: where workers can be found again after a crash; nil where there is no place for that.
    ///   - orphans: what was found there.
    init(
        _ configuration: Configuration, log: LogTarget, accounts: UsageAccounts, rendezvous: RendezvousDirectory?,
        orphans: OrphanedWorkers
    ) throws(StartFailure) {
        self.configuration = configuration
        guard let programs = Programs.locate() else { throw .noWorkerProgram }
        let settings = WorkerConfiguration(configuration, generation: 1, roots: try StartUp.roots(configuration))
        logins = CredentialStores(
            configuration.services, try StartUp.loginSurroundings(configuration, programs), logger: log.logger)
        resolver = Resolver(program: programs.supervisor, logger: log.logger)
        self.accounts = accounts
        fleet = WorkerFleet(
            program: programs.worker, account: try StartUp.account(configuration), configuration: settings,
            listeners: try StartUp.listeners(configuration, orphans, log.logger), rendezvous: rendezvous,
            logger: log.logger, logDescriptor: log.descriptor)
        connect()
        fleet.takeOver(orphans)
    }

    /// What a worker says goes to the part that it concerns, and what that part says to the workers.
    private func connect() {
        accounts.acknowledge = { [fleet] in fleet.acknowledge($0) }
        accounts.callBack = { [fleet] in fleet.callBack($0) }
        fleet.ended = { [accounts] in accounts.forget($0.identity) }
        let hosts = upstreamHosts
        fleet.handle = { [accounts, logins, resolver] worker, event in
            switch event {
            case .ready: break
            case .usage(let sequence, let records):
                accounts.add(worker: worker.identity, sequence: sequence, records)
            case .credentialRejected(let service, let generation):
                logins.rejected(service: service, generation: generation)
            case .resolve(let host):
                guard let port = hosts[host] else { break }
                EventLoop.spawn { _ = try? await resolver.addresses(for: host, port: port) }
            case .limits(let service, let seen): logins.saw(seen, service: service)
            }
        }
    }

    /// The hosts that workers connect to; others are not looked up for them.
    private var upstreamHosts: [String: UInt16] {
        let endpoints = [configuration.endpoints.chatgpt, configuration.endpoints.openai]
        return Dictionary(endpoints.map { ($0.host, $0.port) }) { first, _ in first }
    }

    /// Starts all parts; false where the workers are not ready by the deadline.
    func start(until deadline: Instant) async -> Bool {
        accounts.start()
        logins.start { [fleet] service, state in fleet.publish(state, for: service) }
        for (host, port) in upstreamHosts where SocketAddress(literal: host, port: port) == nil {
            resolver.follow(host, port: port) { [fleet] result in
                fleet.publish((try? result.get()) ?? [], of: host)
            }
        }
        guard await fleet.start(count: configuration.workers, until: deadline) else { return false }
        fleet.retireOrphans(within: configuration.drainTimeout)
        return true
    }

    /// Has a start or a stop under way come to its end at once.
    func hurry() {
        fleet.hurry()
    }

    /// Ends the workers first, then saves what they have reported; a refresh that is under way comes to its end.
    func stop(within duration: Duration) async {
        let deadline = EventLoop.now + duration
        await fleet.stop(within: duration)
        await accounts.close(until: max(deadline, EventLoop.now + Self.lastCommitTime))
        await logins.stop()
    }
}
