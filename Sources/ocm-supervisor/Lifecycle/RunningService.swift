import Logging
import OCMEventLoop
import OCMIPC

/// Everything that one configuration needs while it is served.
@EventLoop final class RunningService {
    private let configuration: Configuration
    private let logger: Logger
    private let accounts: UsageAccounts
    private let fleet: WorkerFleet

    init(_ configuration: Configuration, log: LogTarget) throws(StartFailure) {
        self.configuration = configuration
        logger = log.logger
        guard let program = WorkerProgram.locate() else { throw .noWorkerProgram }
        let settings = WorkerConfiguration(configuration, generation: 1, roots: try StartUp.roots(configuration))
        accounts = try StartUp.accounts(configuration, logger)
        fleet = WorkerFleet(
            program: program, account: try StartUp.account(configuration), configuration: settings,
            listeners: try StartUp.listeners(configuration, logger), log: log)
        connect()
    }

    private func connect() {
        accounts.acknowledge = { [fleet] in fleet.acknowledge($0) }
        fleet.ended = { [accounts] in accounts.forget($0.identity) }
        fleet.handle = { [accounts] worker, event in
            switch event {
            case .ready: break
            case .usage(let sequence, let records):
                accounts.add(worker: worker.identity, sequence: sequence, records)
            case .credentialRejected: break
            case .resolve: break
            }
        }
    }

    /// Starts all parts; false where the workers are not ready by the deadline.
    func start(until deadline: Instant) async -> Bool {
        accounts.start()
        return await fleet.start(count: configuration.workers, until: deadline)
    }

    /// Ends the workers first, then saves what they have reported.
    func stop(within duration: Duration) async {
        await fleet.stop(within: duration)
        accounts.close()
    }
}
