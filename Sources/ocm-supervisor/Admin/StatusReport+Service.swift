import Glibc
import OCMEventLoop
import OCMIPC

extension StatusReport {
    /// What a service is at this moment.
    @EventLoop init(
        _ service: RunningService, state: State, started: Timestamp, deadline: Timestamp?, reload: ReloadResult?,
        upgrade: Upgrade?
    ) {
        let configuration = service.configuration
        let accounts = service.accounts.accounts
        self.init(
            version: Release.version, pid: getpid(), state: state, deadline: deadline?.wholeSeconds,
            started: started.wholeSeconds,
            time: Timestamp.now.wholeSeconds, configuration: configuration.file,
            workers_configured: configuration.workers,
            workers: service.fleet.workers.map { Worker($0) }, crashes: Crashes(service.fleet.crashes),
            services: configuration.services.compactMap { part in
                service.logins.status(of: part.tag).map { login in
                    Service(
                        part, listeners: service.fleet.listeners.addresses(of: part.tag), credential: login,
                        usage: accounts.first { $0.services.contains(part.tag) }.map { Usage($0.ledger, path: $0.path) }
                    )
                }
            }, upgrade: upgrade, reload: reload)
    }
}
