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
        /// How much memory each may map, in bytes; 0 is no limit.
        var addressSpace: UInt64 = 0
        /// Where they write.
        var log: LogTarget
    }

    enum Duty {
        /// Its workers get ready, and have no listeners.
        case waiting
        case serving
        /// They finish what is open, and nobody is replaced.
        case retired
    }

    let plan: Plan
    /// What a worker that starts is told, and what of it has come since the others started.
    private(set) var configuration: WorkerConfiguration
    private(set) var workers: [WorkerProcess] = []
    private let fleet: WorkerFleet
    private(set) var duty = Duty.waiting
    /// For each place, how many have ended without having become ready, one after the other.
    private var failuresOfPlaces: [Int]

    /// Waits between attempts to replace a worker that does not live long.
    private static let backoffAtMost = Duration.seconds(30)

    init(_ configuration: WorkerConfiguration, _ plan: Plan, in fleet: WorkerFleet) {
        self.configuration = configuration
        self.plan = plan
        self.fleet = fleet
        failuresOfPlaces = Array(repeating: 0, count: plan.count)
    }

    func start() {
        for place in 0..<plan.count {
            EventLoop.spawn { [self] in await keep(place) }
        }
    }

    /// One worker of each place serves, or could.
    var isReady: Bool { workers.count { $0.state == .serving } >= plan.count }

    /// Takes what of another configuration its workers can take under way.
    func update(_ configuration: WorkerConfiguration) {
        self.configuration = configuration
        for worker in workers { fleet.bringUpToDate(worker, configuration) }
    }

    /// How many have ended in one place without having become ready, one after the other.
    var failures: Int { failuresOfPlaces.max() ?? 0 }

    /// Gives all of them listeners, now or when they are ready.
    func activate() {
        duty = .serving
        for worker in workers where worker.state == .serving { fleet.giveListeners(to: worker) }
    }

    /// Has all of them finish what is open, and end. Nobody is replaced.
    func retire(within duration: Duration?) {
        duty = .retired
        for worker in workers { worker.drain(within: duration) }
    }

    /// Ends all of them at once.
    func abandon() {
        duty = .retired
        for worker in workers { worker.process.kill(9) }
    }

    /// Keeps one place filled.
    private func keep(_ place: Int) async {
        var deaths = 0
        while duty != .retired {
            let start = EventLoop.now
            await runWorker(in: place)
            if duty == .retired { return }
            deaths = EventLoop.now - start > .seconds(60) ? 0 : deaths + 1
            let delay = deaths < 2 ? .zero : min(.milliseconds(100) * (1 << min(deaths, 10)), Self.backoffAtMost)
            if delay > .zero { try? await EventLoop.sleep(for: delay) }
        }
    }

    private func runWorker(in place: Int) async {
        guard let worker = fleet.makeWorker(plan) else {
            failuresOfPlaces[place] += 1
            return fleet.noteChange()
        }
        workers.append(worker)
        await fleet.serve(worker, of: self)
        workers.removeAll { $0 === worker }
        failuresOfPlaces[place] = worker.confirmed > 0 ? 0 : failuresOfPlaces[place] + 1
        fleet.noteEnd(of: self)
    }
}
