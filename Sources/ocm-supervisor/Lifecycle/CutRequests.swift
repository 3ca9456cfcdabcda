import OCMEventLoop
import OCMIPC

/// Counts the requests that are cut while the service ends: what workers had open at their deadline, or when they were
/// killed.
@EventLoop final class CutRequests {
    private(set) var count = 0

    /// Counts from now on.
    init(by fleet: WorkerFleet) {
        let former = fleet.ended
        fleet.ended = { [self] worker in
            count += worker.cutRequests
            former(worker)
        }
    }
}

extension WorkerProcess {
    /// Of one that has ended. One that drains says at its end what it has cut; one that is killed has cut what it had open
    /// when it was asked last.
    fileprivate var cutRequests: Int {
        let isInTime = hasDrained && EventLoop.now < drainDeadline ?? .never
        return isInTime ? 0 : Int(load?.exchanges ?? 0)
    }
}

/// What `POST /drain?wait=true` answers when the service has ended (packaging/admin-api.json).
struct DrainResult: Codable, Equatable {
    enum Outcome: String, Codable, CaseIterable {
        case finished
        /// Some was open at the deadline, or when the service was told not to wait for it.
        case cut
    }

    let outcome: Outcome
    /// How many requests.
    let cut: Int

    init(cut: Int) {
        outcome = cut == 0 ? .finished : .cut
        self.cut = cut
    }
}
