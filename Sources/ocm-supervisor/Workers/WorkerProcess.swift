import Logging
import OCMEventLoop
import OCMIPC

/// One worker: its process, its channel, and how far it has come.
@EventLoop final class WorkerProcess {
    typealias Link = Channel<SupervisorMessage, WorkerMessage>

    /// What happened to it.
    enum Event {
        case ready
        case usage(sequence: UInt64, [UsageRecord])
        case credentialRejected(service: String, generation: UInt64)
        case resolve(host: String)
    }

    /// The random name under which its usage is counted.
    let identity: WorkerIdentity
    let process: ChildProcess
    let started = Timestamp.now
    private let channel: Link
    private(set) var state = WorkerState.started
    /// Why the worker has to be ended.
    private(set) var violation: String?

    /// How long messages gather in the socket, most of which are usage. At its 166 messages this is good for 33 000
    /// requests a second; what does not fit gathers in the worker.
    private static let gatherTime = Duration.milliseconds(5)

    /// The worker has finished what was open, and may take its time to end.
    private(set) var hasDrained = false

    /// A worker that is not ready by then is replaced.
    private static let startTime = Duration.seconds(30)

    var pid: Int32 { process.pid }

    private var isReady: Bool { state == .serving || state == .draining }

    /// Starts a worker. Its channel is descriptor 3, its log goes where the supervisor's does.
    init(program: String, account: (user: UInt32, group: UInt32)?, log: Int32) throws(SystemError) {
        let (ours, theirs) = try PacketSocket.pair()
        let own = FileDescriptor(owning: ours)
        let other = FileDescriptor(owning: theirs)
        channel = try Link(adopting: own, gatherTime: Self.gatherTime)
        var plan = ChildProcess.Plan(path: program, arguments: ["ocm-worker"])
        plan.descriptors = [(log, 2), (other.number, 3)]
        plan.identity = account
        do throws(SystemError) {
            process = try ChildProcess(plan)
        } catch {
            channel.close()
            throw error
        }
        identity = WorkerIdentity(value: UInt128.random(in: 1...UInt128.max))
    }

    /// Takes what the worker says until its channel ends, for whatever reason.
    ///
    /// - Parameter configuration: follows the worker's hello.
    func serve(configuration: WorkerConfiguration, _ handle: (Event) -> Void) async {
        send(.hello(Hello(build: Release.version)))
        let deadline = EventLoop.now + Self.startTime
        while true {
            do throws(ChannelError) {
                guard let received = try await channel.receive(until: isReady ? .never : deadline) else { return }
                guard permits(received.message) else { return }
                if case .drained = received.message {
                    hasDrained = true
                    return
                }
                take(received.message, configuration, handle)
            } catch {
                // A failure of the socket itself is the worker's end, and nothing that it said.
                switch error {
                case .message(let reason): if !reason.isOfSystem { violation = "\(reason)" }
                case .wait(.timedOut): violation = "not ready in time"
                case .wait(.cancelled): break
                }
                return
            }
        }
    }

    private func permits(_ message: WorkerMessage) -> Bool {
        if WorkerMessage.Kind.permitted[state]?.contains(message.kind) == true { return true }
        violation = "\(IPCError.notPermitted(message: "\(message.kind)", state: state.rawValue))"
        return false
    }

    private func take(
        _ message: WorkerMessage, _ configuration: WorkerConfiguration, _ handle: (Event) -> Void
    ) {
        switch message {
        case .hello:
            state = .configuring
            send(.configure(configuration))
        case .ready:
            state = .serving
            handle(.ready)
        case .usage(let sequence, let records):
            handle(.usage(sequence: sequence, records))
        case .credentialRejected(let service, let generation):
            handle(.credentialRejected(service: service, generation: generation))
        case .resolve(let host): handle(.resolve(host: host))
        case .drained: break
        }
    }

    /// Sends a message, unless the channel has failed: then the worker is about to be replaced anyway.
    func send(_ message: SupervisorMessage, descriptors: [Int32] = []) {
        try? channel.send(message, descriptors: descriptors)
    }

    /// Has the worker finish what is open and end.
    func drain(within milliseconds: UInt64) {
        guard state == .serving else {
            process.kill(9)
            return
        }
        state = .draining
        send(.drain(milliseconds: milliseconds))
    }

    func close() {
        channel.close()
    }
}
