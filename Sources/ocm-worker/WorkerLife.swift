internal import OCMIPC

/// How far the worker has come, and with whom: a value without I/O. Events go in, what is to be done comes out.
struct WorkerLife: Equatable {
    /// What it does.
    enum Work: Equatable {
        case unconfigured
        case serving
        case draining
        /// Nothing is open any more.
        case finished
    }

    /// Who is there to be told.
    enum Supervision: Equatable {
        /// How far the channel has come decides what may come on it.
        case present(WorkerState)
        /// The number tells one loss from another.
        case lost(Int)
    }

    enum Action: Equatable {
        /// Tell a supervisor that has not started this worker what it has.
        case comeBack
        /// Accept no more and finish what is open; again, with another deadline.
        case drain(milliseconds: UInt64)
        case sayDrained
        /// Wait for the next supervisor.
        case awaitNext(loss: Int)
        case end
    }

    private(set) var work = Work.unconfigured
    private(set) var supervision = Supervision.present(.started)
    /// Whether another supervisor can come at all.
    let canBeFound: Bool
    private var losses = 0
    private var hasSaidDrained = false

    /// How long what is open has without a supervisor, once nobody has come for that long.
    static let lastDrain: UInt64 = 60_000

    init(canBeFound: Bool) {
        self.canBeFound = canBeFound
    }

    /// Whether the supervisor may say this now.
    func permits(_ kind: SupervisorMessage.Kind) -> Bool {
        guard case .present(let state) = supervision else { return false }
        return SupervisorMessage.Kind.permitted[state]?.contains(kind) == true
    }

    mutating func greeted() -> [Action] {
        supervision = .present(work == .unconfigured ? .configuring : .serving)
        return work == .unconfigured ? [] : [.comeBack]
    }

    /// A configuration is in force; one that comes later does not end a drain.
    mutating func configured() {
        guard work == .unconfigured else { return }
        work = .serving
        supervision = .present(.serving)
    }

    mutating func drainAsked(within milliseconds: UInt64, unreported: Int) -> [Action] {
        supervision = .present(.draining)
        if work == .finished { return settled(unreported: unreported) }
        work = .draining
        return [.drain(milliseconds: milliseconds)]
    }

    /// The channel has ended, be it with the supervisor or at its wish.
    mutating func supervisorLost(unreported: Int) -> [Action] {
        guard work != .unconfigured, !(work == .finished && unreported == 0) else { return [.end] }
        guard canBeFound else {
            supervision = .lost(losses)
            if work != .serving { return work == .finished ? [.end] : [] }
            work = .draining
            return [.drain(milliseconds: Self.lastDrain)]
        }
        losses += 1
        supervision = .lost(losses)
        return [.awaitNext(loss: losses)]
    }

    /// Another supervisor has connected.
    mutating func supervisorFound() {
        supervision = .present(.started)
        hasSaidDrained = false
    }

    /// Nobody has come since a loss: what is open is finished without a supervisor.
    mutating func patienceEnded(loss: Int) -> [Action] {
        guard supervision == .lost(loss), work == .serving else { return [] }
        work = .draining
        return [.drain(milliseconds: Self.lastDrain)]
    }

    /// Nobody has come for so long that what was counted is given up, too.
    mutating func hopeEnded(loss: Int) -> [Action] {
        supervision == .lost(loss) ? [.end] : []
    }

    /// Nothing is open any more.
    mutating func drained(unreported: Int) -> [Action] {
        work = .finished
        if case .lost = supervision, !canBeFound { return [.end] }
        return settled(unreported: unreported)
    }

    /// What is on disk, or nothing is open any more: is there anything left to be done?
    mutating func settled(unreported: Int) -> [Action] {
        guard work == .finished, unreported == 0 else { return [] }
        return leave()
    }

    /// As ``settled(unreported:)``, but what is not on disk by now is given up.
    mutating func leave() -> [Action] {
        switch supervision {
        case .lost: return [.end]
        case .present(.draining) where work == .finished && !hasSaidDrained:
            hasSaidDrained = true
            return [.sayDrained]
        // It will be told to drain before long, or loses this supervisor as well.
        case .present: return []
        }
    }
}
