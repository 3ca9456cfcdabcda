import CShims
import Glibc
import Logging
import OCMEventLoop
import OCMIPC

/// One worker: its process, its channel, and how far it has come.
@EventLoop final class WorkerProcess {
    typealias Link = Channel<SupervisorMessage, WorkerMessage>

    /// What happened to it.
    enum Event {
        /// The configuration of that generation is in force.
        case ready(generation: UInt64)
        case usage(sequence: UInt64, [UsageRecord])
        case credentialRejected(service: String, generation: UInt64)
        case resolve(host: String)
        case limits(service: String, SeenLimits)
        case pong
    }

    /// The random name under which its usage is counted.
    let identity: WorkerIdentity
    let process: ChildProcess
    private(set) var started = Timestamp.now
    /// Whether it can outlive this supervisor.
    let canBeFound: Bool
    /// Whether an earlier supervisor has started it.
    let isOrphan: Bool
    /// What an orphan has listened on: service and descriptor, which belong to whoever takes them.
    private var listeners: [(service: String, number: Int32)] = []
    private let channel: Link
    private var conduct: WorkerConduct
    /// Why the worker has to be ended.
    private(set) var violation: String?
    /// What was open when it was asked last; nil before that.
    private(set) var load: WorkerLoad?
    /// Since when it owes an answer, and how often it was to be asked since.
    private(set) var pongDue: Instant?
    private var pongsMissed = 0
    /// When what is open is cut, once it drains.
    private(set) var drainDeadline: Instant?
    /// The version of the worker's program.
    private(set) var build = ""

    /// How long messages gather in the socket, most of which are usage. At its 166 messages this is good for 33 000
    /// requests a second; what does not fit gathers in the worker.
    private static let gatherTime = Duration.milliseconds(5)

    /// The worker has finished what was open, and may take its time to end.
    private(set) var hasDrained = false

    /// A worker that is not ready by then is replaced.
    private static let startTime = Duration.seconds(30)

    /// One that owes an answer for so long is replaced.
    private static let pongTime = Duration.seconds(30)
    private static let pongsMissedAtMost = 6

    var pid: Int32 { process.pid }

    /// Whether its version is one that can only be told to end.
    var isStranger: Bool { channel.peer == .stranger }

    /// The process has ended, and what it said last may not have been read yet.
    var hasEnded: Bool { process.hasEnded }

    var state: WorkerState { conduct.state }

    var isReady: Bool { conduct.isReady }

    /// The configuration that it has said to be in force.
    var confirmed: UInt64 { conduct.confirmed }

    /// Starts a worker, with an empty environment and no capability. Its channel is descriptor 3, its rendezvous 4, the
    /// journal 5; else its log goes where the supervisor's does.
    ///
    /// - Parameter rendezvous: of the directory's, for a worker of this identity; nil for one that can't outlive this process.
    init(
        _ identity: WorkerIdentity, program: String, account: (user: UInt32, group: UInt32)?, addressSpace: UInt64 = 0,
        log: Int32, journal: Int32? = nil, rendezvous: Int32?, deathSignal: Int32 = 0
    ) throws(SystemError) {
        self.identity = identity
        canBeFound = rendezvous != nil
        isOrphan = false
        conduct = WorkerConduct(isOrphan: false, at: EventLoop.now)
        let (ours, theirs) = try PacketSocket.pair()
        let own = FileDescriptor(owning: ours)
        let other = FileDescriptor(owning: theirs)
        channel = try Link(adopting: own, gatherTime: Self.gatherTime)
        var plan = ChildProcess.Plan(path: program, arguments: ["ocm-worker"])
        plan.descriptors = [(log, 2), (other.number, 3)]
        if let rendezvous { plan.descriptors.append((rendezvous, 4)) }
        if let journal { plan.descriptors.append((journal, 5)) }
        plan.identity = account
        plan.addressSpace = addressSpace
        plan.deathSignal = deathSignal
        do throws(SystemError) {
            process = try ChildProcess(plan)
        } catch {
            channel.close()
            throw error
        }
    }

    /// Takes over a worker that has lost its supervisor. Throws where it has ended.
    init(_ orphan: consuming RendezvousDirectory.Orphan, _ identity: WorkerIdentity) throws(SystemError) {
        self.identity = identity
        isOrphan = true
        canBeFound = true
        conduct = WorkerConduct(isOrphan: true, at: EventLoop.now)
        process = try ChildProcess(watching: orphan.process)
        // It lives: so its number was its own when it was looked up.
        guard !orphan.channel.isHungUp else { throw SystemError("connect", ECONNREFUSED) }
        if let began = process.started { started = began }
        channel = try Link(adopting: orphan.channel, gatherTime: Self.gatherTime)
    }

    /// Has an orphan say what it has; false where it does not do so by the deadline.
    func claim(until deadline: Instant) async -> Bool {
        send(.hello(Hello(build: Release.version)))
        while !isReady {
            guard await next(until: deadline) != nil else { return false }
        }
        return true
    }

    /// Gives away what an orphan has listened on.
    func takeListeners() -> [(service: String, number: Int32)] {
        defer { listeners = [] }
        return listeners
    }

    /// Takes what the worker says until its channel ends, for whatever reason.
    ///
    /// - Parameter configuration: follows the worker's hello; nil for an orphan, which has said it.
    func serve(configuration: WorkerConfiguration?, _ handle: (Event) -> Void) async {
        if !isReady { send(.hello(Hello(build: Release.version))) }
        let deadline = EventLoop.now + Self.startTime
        while let message = await next(until: isReady ? .never : deadline) {
            switch message {
            case .hello: if let configuration { send(.configure(configuration)) }
            case .ready(let generation): handle(.ready(generation: generation))
            case .usage(let sequence, let records): handle(.usage(sequence: sequence, records))
            case .credentialRejected(let service, let generation):
                handle(.credentialRejected(service: service, generation: generation))
            case .resolve(let host): handle(.resolve(host: host))
            case .limits(let service, let seen): handle(.limits(service: service, seen))
            case .drained:
                hasDrained = true
                return
            case .pong: handle(.pong)
            case .listener: break
            }
        }
    }

    /// The next thing that it says and may say; nil at its end, or when it has said something else.
    private func next(until deadline: Instant) async -> WorkerMessage? {
        do {
            guard var received = try await channel.receive(until: deadline) else { return nil }
            let message = try conduct.take(received.message, at: EventLoop.now, time: .now)
            switch message {
            case .hello(let hello):
                build = hello.build
                channel.peer = conduct.neighbour
            case .pong(let load):
                self.load = load
                pongDue = nil
                pongsMissed = 0
            case .listener(let service):
                if let descriptor = received.packet.takeDescriptor() {
                    listeners.append((service, descriptor.release()))
                }
            case .ready, .usage, .credentialRejected, .resolve, .limits, .drained: break
            }
            return message
        } catch let error as WorkerConduct.Violation {
            violation = "\(error)"
        } catch let error as ChannelError {
            // A failure of the socket itself is the worker's end, and nothing that it said.
            switch error {
            case .message(let reason): if !reason.isOfSystem { violation = "\(reason)" }
            case .wait(.timedOut): violation = "not ready in time"
            case .wait(.cancelled): break
            }
        } catch {
            violation = "\(error)"
        }
        return nil
    }

    /// Sends a message, unless the channel has failed: then the worker is about to be replaced anyway.
    func send(_ message: SupervisorMessage, descriptors: [Int32] = []) {
        conduct.note(message)
        try? channel.send(message, descriptors: descriptors)
    }

    /// Has the worker finish what is open and end; again, with another deadline. Without one, it may take for ever, which
    /// in the message is a year.
    func drain(within duration: Duration?) {
        switch state {
        case .serving, .draining:
            drainDeadline = duration.map { EventLoop.now + $0 }
            send(.drain(milliseconds: (duration ?? .seconds(365 * 86400)).wholeMilliseconds))
        case .started, .configuring, .returning:
            process.kill(9)
        }
    }

    /// Asks what is open, and whether it is there at all.
    func ping() {
        guard isReady, !isStranger else { return }
        guard pongDue == nil else {
            pongsMissed += 1
            return
        }
        pongDue = EventLoop.now
        send(.ping)
    }

    /// Whether the process has said something that only workers say, or runs their program (proc_pid_comm(5)): what
    /// listens in a worker's place could be anything.
    var isWorkerProcess: Bool {
        if !build.isEmpty { return true }
        let name = try? FileContents.read("/proc/\(pid)/comm", limit: 64)
        return name.map { String(decoding: $0, as: UTF8.self) } == "ocm-worker\n"
    }

    /// Whether it has hung for so long that it has to be replaced.
    ///
    /// Not by the clock alone: if it is this process that has stood still, the answers are there, and are read before long.
    var isHung: Bool {
        guard let pongDue else { return false }
        return pongsMissed >= Self.pongsMissedAtMost && EventLoop.now - pongDue >= Self.pongTime
    }

    /// Ends it, for a reason that the log tells.
    func end(because reason: String) {
        violation = reason
        process.kill(SIGKILL)
    }

    func close() {
        channel.close()
        for (_, number) in takeListeners() { ocm_close_foreign(number) }
    }
}
