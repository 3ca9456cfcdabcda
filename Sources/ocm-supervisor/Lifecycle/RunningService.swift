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
        for service in configuration.services {
            if let text = try? FileContents.read(service.credentialPath, limit: 1 << 20),
                let file = try? AuthFile(Secret(text.span))
            {
                switch file.login {
                case .apiKey(let key):
                    fleet.publish(
                        .available(
                            .init(
                                generation: 1, mode: .apiKey, token: key.withBytes { b in b.indices.map { b[$0] } },
                                accountID: "")), for: service.tag)
                case .chatGPT(let tokens):
                    fleet.publish(
                        .available(
                            .init(
                                generation: 1, mode: .chatGPT,
                                token: tokens.access!.withBytes { b in b.indices.map { b[$0] } },
                                accountID: tokens.account ?? "")), for: service.tag)
                case .none: break
                }
            }
        }
        return await fleet.start(count: configuration.workers, until: deadline)
    }

    /// Ends the workers first, then saves what they have reported.
    func stop(within duration: Duration) async {
        await fleet.stop(within: duration)
        accounts.close()
    }
}
