import OCMEventLoop
import OCMIPC

/// What a worker may say, when, and how often: the supervisor's side of the border between them, a value without I/O.
///
/// A worker reads what strangers send. Should one of them come to speak in its place, the supervisor takes what an honest
/// worker could have said, and ends it for anything else. Each rate is far above what an honest one comes to.
struct WorkerConduct {
    /// What it did that none of its kind does.
    enum Violation: Error, Equatable {
        case notPermitted(WorkerMessage.Kind, WorkerState)
        case foreignVersion(UInt8)
        /// An answer to a question that was not asked.
        case unasked(WorkerMessage.Kind)
        /// Something that it was not told of.
        case unknown(Subject, String)
        /// Names of an earlier supervisor's time without end.
        case tooManyNames
        case tooOften(WorkerMessage.Kind)
        /// Records whose numbers do not follow those before.
        case outOfOrder(expected: UInt64, found: UInt64)
        /// More records than responses can have passed through it.
        case tooManyRecords(UInt64)
        case tooManyListeners
    }

    /// What a name is one of.
    enum Subject: String {
        case service, user, host
    }

    private(set) var state = WorkerState.started
    /// The version that it speaks, once it has said so.
    private(set) var neighbour = Neighbour.same
    /// The configuration that it has said to be in force.
    private(set) var confirmed: UInt64 = 0
    /// It owes an answer to a ping.
    private(set) var owesPong = false
    private var hasSaidLast = false
    /// Whether an earlier supervisor has started it: then it knows what this one has never told it.
    let isOrphan: Bool

    var names = WorkerNames()
    private var usage: UsageNumbers
    private var sentConfigurations: [UInt64] = []
    private var listeners = 0
    private var allowances: [WorkerMessage.Kind: Allowance] = [:]

    init(isOrphan: Bool, at now: Instant) {
        self.isOrphan = isOrphan
        usage = UsageNumbers(isOrphan: isOrphan, at: now)
    }

    var isReady: Bool { state == .serving || state == .draining }

    /// Takes what the worker says, and gives it back as it is to be understood.
    ///
    /// - Parameters:
    ///   - now: counts how often it says something.
    ///   - time: what its clock should say.
    mutating func take(
        _ message: WorkerMessage, at now: Instant, time: Timestamp
    ) throws(Violation) -> WorkerMessage {
        guard WorkerMessage.Kind.permitted[state]?.contains(message.kind) == true else {
            throw .notPermitted(message.kind, state)
        }
        switch message {
        case .hello(let hello): try meet(hello)
        case .ready(let generation): try confirm(generation)
        case .usage(let sequence, let records):
            try usage.take(sequence, count: UInt64(records.count), at: now)
            for record in records { try names.check(record, isOrphan: isOrphan) }
            return .usage(sequence: sequence, records.map { usage.dated($0, by: time) })
        case .credentialRejected(let service, _), .limits(let service, _):
            try names.check(service: service, isOrphan: isOrphan)
            try spend(message.kind, at: now)
        case .resolve(let host):
            try names.check(host: host, isOrphan: isOrphan)
            try spend(.resolve, at: now)
        case .listener:
            guard listeners < ListenerSet.countAtMost else { throw .tooManyListeners }
            listeners += 1
        case .pong:
            // Its last words in a drain say what was cut, once.
            guard owesPong || (state == .draining && !hasSaidLast) else { throw .unasked(.pong) }
            if !owesPong { hasSaidLast = true }
            owesPong = false
        case .drained: break
        }
        return message
    }

    private mutating func meet(_ hello: Hello) throws(Violation) {
        neighbour = Neighbour(version: hello.version)
        // What an orphan has counted is taken, and what it has open finished, whatever its version.
        guard neighbour != .stranger || isOrphan else { throw .foreignVersion(hello.version) }
        if neighbour == .stranger { state = .serving } else { state = isOrphan ? .returning : .configuring }
    }

    private mutating func confirm(_ generation: UInt64) throws(Violation) {
        if state == .returning {
            confirmed = generation
        } else {
            guard let index = sentConfigurations.firstIndex(of: generation) else { throw .unasked(.ready) }
            sentConfigurations.removeFirst(index + 1)
            confirmed = generation
        }
        if !isReady { state = .serving }
    }

    /// Notes what the worker is told, and may therefore speak of.
    mutating func note(_ message: SupervisorMessage) {
        switch message {
        case .configure(let configuration):
            names.add(configuration)
            sentConfigurations.append(configuration.generation)
        case .ping: owesPong = true
        case .report: usage.mayRepeat()
        case .drain: if isReady { state = .draining }
        // It says again what it knows of the login's limits, and may have that one refused, too.
        case .credential: for kind in [WorkerMessage.Kind.limits, .credentialRejected] { allowances[kind]?.grant() }
        default: break
        }
    }

    private mutating func spend(_ kind: WorkerMessage.Kind, at now: Instant) throws(Violation) {
        // An honest worker says each once a second for each service or host; while this process stood still, its channel
        // may have filled up with them.
        var allowance =
            allowances[kind] ?? Allowance(perSecond: 4 * UInt64(max(1, names.subjects)), burst: 1000, at: now)
        guard allowance.spend(at: now) else { throw .tooOften(kind) }
        allowances[kind] = allowance
    }
}

extension WorkerConduct.Violation: CustomStringConvertible {
    var description: String {
        switch self {
        case .notPermitted(let kind, let state): "it may not say \(kind) in state \(state.rawValue)"
        case .foreignVersion(let version): "it speaks version \(version) of the protocol, which is not understood"
        case .unasked(let kind): "it says \(kind), which nobody has asked for"
        case .unknown(let what, let name): "it names a \(what.rawValue) that it was never told of: \(name.prefix(64))"
        case .tooManyNames: "it names more services and users than its supervisor can have had"
        case .tooOften(let kind): "it says \(kind) more often than a worker can have reason to"
        case .outOfOrder(let expected, let found):
            "it reports usage under number \(found), where \(expected) is the highest that can follow"
        case .tooManyRecords(let number): "it reports more usage than a worker can have served: number \(number)"
        case .tooManyListeners: "it hands over more listeners than there can be services"
        }
    }
}
