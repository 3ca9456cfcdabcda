import Logging
import OCMEventLoop
import OCMIPC

/// One attempt to serve by another configuration: all that can fail is made ready beside what runs, and then put into force
/// at once or taken back.
@EventLoop final class Reload {
    let configuration: Configuration
    private(set) var plan: ReloadPlan
    /// Why it can't be done: all reasons.
    private(set) var failures: [String]

    private let service: RunningService
    private var prices = PriceBook(table: PriceTable())
    private var workers: WorkerConfiguration
    private var workersPlan: WorkerGeneration.Plan
    private var surroundings: CredentialStores.Surroundings?
    private var ledgers = UsageAccounts.Change()
    private var listeners = ListenerSet.Change()
    private var log = SupervisorLog.Change.none
    private var generation: WorkerGeneration?

    /// A worker that dies before it is ready may do so by chance, but not one after the other.
    private static let patience = 2
    private static let startTime = Duration.seconds(30)
    private static let confirmationTime = Duration.seconds(5)

    init(_ configuration: Configuration, of service: RunningService) {
        self.configuration = configuration
        self.service = service
        plan = ReloadPlan(from: service.configuration, to: configuration)
        failures = plan.refusals
        workers = service.workers
        workersPlan = service.plan
    }

    /// Makes everything ready. False where something can't be: then all of it has to be taken back.
    func prepare() async -> Bool {
        attempt { () throws(StartFailure) in try prepareLog() }
        attempt { () throws(StartFailure) in try readFiles() }
        listeners = service.fleet.listeners.prepare(configuration.services)
        failures += listeners.failures.map { "\(StartFailure.listener($0))" }
        // Opening a usage file may make it, and brings it up to date.
        guard failures.isEmpty else { return false }
        ledgers = await service.accounts.prepare(configuration.services, prices: prices)
        failures += ledgers.failures.map { "\($0)" }
        guard failures.isEmpty else { return false }
        return plan.needsGeneration ? await startWorkers() : true
    }

    private func attempt(_ body: () throws(StartFailure) -> Void) {
        do throws(StartFailure) { try body() } catch { failures.append("\(error)") }
    }

    /// What the configuration names, and may have changed without it.
    private func readFiles() throws(StartFailure) {
        attempt { () throws(StartFailure) in try readPrices() }
        attempt { () throws(StartFailure) in try readAccount() }
        attempt { () throws(StartFailure) in
            surroundings = try StartUp.loginSurroundings(configuration, service.programs)
        }
        workers = try StartUp.workerConfiguration(
            configuration, generation: service.nextGeneration(), logForm: (log.target ?? service.log.target).form)
        let areOthers = workers.roots != service.workers.roots
        if areOthers, configuration.trust == service.configuration.trust {
            plan.found("certificate: the trusted certificates are others", needsGeneration: true)
        } else if areOthers {
            plan.requireGeneration()
        }
    }

    private func readPrices() throws(StartFailure) {
        prices = try StartUp.prices(configuration)
        if prices != service.accounts.prices, configuration.pricingPath == service.configuration.pricingPath {
            plan.found("supervisor.pricing_path: the prices are others", needsGeneration: false)
        }
    }

    private func readAccount() throws(StartFailure) {
        let account = try StartUp.account(configuration)
        let old = service.plan.account
        workersPlan.account = account
        workersPlan.count = configuration.workers
        workersPlan.addressSpace = UInt64(configuration.limits.memory ?? 0)
        guard account?.user != old?.user || account?.group != old?.group else { return }
        if configuration.workerUser == service.configuration.workerUser {
            plan.found("supervisor.worker_user: the user is another", needsGeneration: true)
        } else {
            plan.requireGeneration()
        }
    }

    private func prepareLog() throws(StartFailure) {
        do throws(SystemError) { log = try service.log.prepare(configuration.log) } catch { throw .log(error) }
    }

    private func startWorkers() async -> Bool {
        if let target = log.target { workersPlan.log = target }
        let started = service.fleet.start(workers, workersPlan)
        generation = started
        let deadline = EventLoop.now + Self.startTime
        if await service.fleet.isReady(started, until: deadline, patience: Self.patience) { return true }
        failures.append("the new workers did not become ready; the log says why")
        return false
    }

    /// What has nothing to do with the service itself could not be made ready.
    func fail(_ reason: String) {
        failures.append(reason)
    }

    /// Where nothing has changed: has the log's file opened anew, which may have been renamed (logrotate(8)).
    func reopenLog() {
        if service.log.commit(log, configuration.log) { service.fleet.reopenLog(service.log.target) }
    }

    /// Takes everything back.
    func discard() async {
        if let generation { service.fleet.discard(generation) }
        service.fleet.listeners.discard(listeners)
        await service.accounts.discard(ledgers)
    }

    /// Puts it into force. Returns when workers have it, as far as they answer: what they have not, in the second case.
    func commit() async -> [String] {
        let fleet = service.fleet
        let isReopened = service.log.commit(log, configuration.log)
        let kept = Set(service.configuration.services.map(\.tag)).union(service.retained)
            .subtracting(configuration.services.map(\.tag))
        service.accounts.commit(ledgers, configuration.services, prices: prices, keeping: kept)
        fleet.listeners.commit(listeners, configuration.services, service.log.logger)
        service.take(configuration, workers, workersPlan, keeping: kept)
        if let surroundings { service.logins.serve(configuration.services, surroundings) }
        service.followHosts()
        if isReopened { fleet.reopenLog(service.log.target) }
        fleet.update(workers)
        if let generation { fleet.promote(generation, retiringWithin: configuration.drainTimeout) }
        service.tidy()
        var warnings = listeners.problems.map { "the next start would fail: \($0)" }
        if await !fleet.isConfirmed(workers.generation, until: EventLoop.now + Self.confirmationTime) {
            warnings.append("some workers have not confirmed the configuration yet")
        }
        let strangers = fleet.strangers
        if strangers > 0 {
            warnings.append(
                "\(strangers) workers of another version finish what is open with the configuration that they have")
        }
        return warnings
    }
}
