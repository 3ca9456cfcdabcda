internal import CShims
internal import Glibc

/// A child process, made by fork and exec, watched through its pidfd (pidfd_open(2)); or one that is another's child.
@EventLoop package final class ChildProcess: EventSource {
    /// The children that this process has yet to reap (wait(2)): what it hands over to a program that it executes in its
    /// own place, whose children they are from then on.
    package private(set) static var unreaped: Set<Int32> = []

    package let pid: Int32
    private let descriptor: FileDescriptor
    /// One for each task that waits for the end.
    private var waiting: [Wakeup] = []
    private var ended: Exit?

    /// How a process ended.
    package enum Exit: Equatable, Sendable, CustomStringConvertible {
        case code(Int32)
        case signal(Int32)
        /// How, only its parent knows.
        case unseen

        package var description: String {
            switch self {
            case .code(let code): "exit code \(code)"
            case .signal(let number): "signal \(number)\(Self.name(of: number).map { " (\($0))" } ?? "")"
            case .unseen: "unknown cause"
            }
        }

        /// `SIGKILL`
        private static func name(of signal: Int32) -> String? {
            unsafe ocm_signal_name(signal).map { unsafe "SIG\(String(cString: $0))" }
        }
    }

    /// What to start, and as whom.
    package struct Plan: Sendable {
        /// Absolute path of the program.
        package var path: String
        /// Including the zeroth.
        package var arguments: [String]
        /// `NAME=value`; nothing is inherited.
        package var environment: [String] = []
        /// Descriptors of ours and the numbers that they get in the child; all others are closed there. At most 600.
        package var descriptors: [(source: Int32, target: Int32)] = []
        /// User and group to become, with no supplementary groups.
        package var identity: (user: UInt32, group: UInt32)?
        /// Keeps the capabilities that this process has (capabilities(7)), where the identity does. Else it has none and gets
        /// none, whatever it executes.
        package var isPrivileged = false
        /// How much memory it may map, in bytes (RLIMIT_AS, getrlimit(2)); 0 is as much as this process.
        package var addressSpace: UInt64 = 0
        /// Sent to the child when the parent dies (prctl(2), PR_SET_PDEATHSIG); 0 lets it live on.
        package var deathSignal: Int32 = 0

        package init(path: String, arguments: [String]) {
            self.path = path
            self.arguments = arguments
        }
    }

    /// Starts the program. Throws the error of the step that failed, exec included.
    package init(_ plan: Plan) throws(SystemError) {
        var pidfd: Int32 = -1
        let child = ChildProcess.spawn(plan, &pidfd)
        guard child > 0 else { throw SystemError("spawn") }
        pid = child
        descriptor = FileDescriptor(owning: pidfd)
        Self.unreaped.insert(child)
        super.init()
        try EventLoop.poller.add(self, fd: pidfd, [.readable, .edgeTriggered])
    }

    /// Takes on children that the program before this one, executed in the same process, has started.
    package static func adopt(_ children: some Sequence<Int32>) {
        unreaped.formUnion(children)
    }

    /// Watches a process that somebody else has started, or one that was adopted. Throws ESRCH where it has ended.
    package init(watching process: Int32) throws(SystemError) {
        pid = process
        descriptor = try FileDescriptor("pidfd_open", ocm_pidfd_open(process))
        let number = descriptor.number
        super.init()
        try EventLoop.poller.add(self, fd: number, [.readable, .edgeTriggered])
    }

    private static func spawn(_ plan: Plan, _ pidfd: inout Int32) -> Int32 {
        var arguments = unsafe plan.arguments.map { unsafe strdup($0) } + [nil]
        var environment = unsafe plan.environment.map { unsafe strdup($0) } + [nil]
        defer {
            unsafe (arguments + environment).forEach { unsafe free($0) }
        }
        let sources = plan.descriptors.map(\.source)
        let targets = plan.descriptors.map(\.target)
        return unsafe plan.path.withCString { path in
            unsafe sources.withUnsafeBufferPointer { sources in
                unsafe targets.withUnsafeBufferPointer { targets in
                    unsafe arguments.withUnsafeMutableBufferPointer { arguments in
                        unsafe environment.withUnsafeMutableBufferPointer { environment in
                            var order = unsafe ocm_spawn_plan(
                                path: path, arguments: arguments.baseAddress, environment: environment.baseAddress,
                                sources: sources.baseAddress, targets: targets.baseAddress,
                                descriptor_count: sources.count, uid: plan.identity?.user ?? UInt32.max,
                                gid: plan.identity?.group ?? UInt32.max, is_privileged: plan.isPrivileged ? 1 : 0,
                                address_space: plan.addressSpace, death_signal: plan.deathSignal)
                            return unsafe ocm_spawn(&order, &pidfd)
                        }
                    }
                }
            }
        }
    }

    /// Suspends until the child has ended, and reaps it. Several may wait.
    package func exit(until deadline: Instant = .never) async throws(WaitError) -> Exit {
        let wakeup = Wakeup()
        waiting.append(wakeup)
        defer { waiting.removeAll { $0 === wakeup } }
        while true {
            if let ended { return ended }
            try await wakeup.wait(until: deadline)
        }
    }

    /// Whether it has ended, known to the loop already or not (pidfd_open(2): the descriptor is readable then).
    package var hasEnded: Bool {
        var poll = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
        return unsafe ended != nil || Glibc.poll(&poll, 1, 0) > 0
    }

    /// Sends a signal; nothing happens where the child has ended already.
    package func kill(_ signal: Int32) {
        if ended == nil { ocm_pidfd_send_signal(descriptor.number, signal) }
    }

    override package func becameReady(_ readiness: Readiness) {
        var code: Int32 = 0
        var status: Int32 = 0
        guard ended == nil else { return }
        switch unsafe ocm_wait_pidfd(descriptor.number, &code, &status) {
        case 0: return
        case 1: ended = code == CLD_EXITED ? .code(status) : .signal(status)
        // It has ended, or its descriptor would not be ready; whose child it was has been told how.
        default: ended = .unseen
        }
        Self.unreaped.remove(pid)
        EventLoop.poller.remove(fd: descriptor.number, isShared: false)
        for wakeup in waiting { wakeup.signal() }
    }
}
