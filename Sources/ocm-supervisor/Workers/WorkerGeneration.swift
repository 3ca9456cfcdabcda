import Logging
import OCMEventLoop
import OCMIPC
import OCMLogging

/// The workers that were started with one configuration: as many as it says, each replaced when it dies, until a later
/// generation takes their place.
@EventLoop final class WorkerGeneration {
    /// What can't change while they live.
    struct Plan {
        /// User and group that they become; nil where they stay what the supervisor is.
        var account: (user: UInt32, group: UInt32)?
        var count: Int
        /// Where they write.
        var log: LogTarget
    }

    let plan: Plan
    /// What a worker that starts is told, and what of it has come since the others started.
    private(set) var configuration: WorkerConfiguration
    private(set) var workers: [WorkerProcess] = []
    private let fleet: WorkerFleet
    /// Whether its workers are given listeners.
    private(set) var isActive = false
    /// Whether nobody is replaced any more.
    private(set) var isRetired = false
    /// How many have ended without having become ready, one after the other.
    private(set) var failures = 0

    /// Waits between attempts to replace a worker that does not live long.
    private static let backoffAtMost = Duration.seconds(30)

    init(_ configuration: WorkerConfiguration, _ plan: Plan, in fleet: WorkerFleet) {
        self.configuration = configuration
        self.plan = plan
        self.fleet = fleet
    }

    func start() {
        for _ in 0..<plan.count {
            EventLoop.spawn { [self] in await keep() }
        }
    }

    /// One worker of each place serves, or could.
    var isReady: Bool { workers.count { $0.state == .serving } >= plan.count }

    /// Takes what of another configuration its workers can take under way.
    func update(_ configuration: WorkerConfiguration) {
        self.configuration = configuration
        for worker in workers { bringUpToDate(worker) }
    }

    /// Tells a worker the configuration in force, where it has started with an earlier one.
    func bringUpToDate(_ worker: WorkerProcess) {
        guard worker.isReady, worker.confirmed != configuration.generation else { return }
        var live = configuration
        live.roots = []
        live.log.form = plan.log.form.rawValue
        worker.send(.configure(live))
    }

    /// Gives all of them listeners, now or when they are ready.
    func activate() {
        isActive = true
        for worker in workers where worker.state == .serving { fleet.giveListeners(to: worker) }
    }

    /// Has all of them finish what is open, and end. Nobody is replaced.
    func retire(within duration: Duration?) {
        isRetired = true
        for worker in workers { worker.drain(within: duration.milliseconds) }
    }

    /// Ends all of them at once.
    func abandon() {
        isRetired = true
        for worker in workers { worker.process.kill(9) }
    }

    /// Keeps one place filled.
    private func keep() async {
        var deaths = 0
        while !isRetired {
            let start = EventLoop.now
            await runWorker()
            if isRetired { return }
            deaths = EventLoop.now - start > .seconds(60) ? 0 : deaths + 1
            let delay = deaths < 2 ? .zero : min(.milliseconds(100) * (1 << min(deaths, 10)), Self.backoffAtMost)
            if delay > .zero { try? await EventLoop.sleep(for: delay) }
        }
    }

    private func runWorker() async {
        guard let worker = fleet.makeWorker(plan) else {
            failures += 1
            return fleet.noteChange()
        }
        workers.append(worker)
        await fleet.serve(worker, of: self)
        workers.removeAll { $0 === worker }
        failures = worker.confirmed > 0 ? 0 : failures + 1
        fleet.noteEnd(of: self)
    }
}

extension Duration? {
    /// As messages to workers carry it: nothing stands for as long as it takes.
    var milliseconds: UInt64 { (self ?? .seconds(365 * 86400)).wholeMilliseconds }
}
