import Glibc
import OCMEventLoop

/// The new program on trial: a child that gets what would be handed over, does all of the start that can fail, and says
/// whether it could take over. It touches nothing that runs.
@EventLoop final class UpgradeTrial {
    private let child: ChildProcess
    /// Its standard output, which is for the verdict, and its standard error.
    private let verdict: StreamSocket
    private let errors: StreamSocket
    private let wakeup = Wakeup()
    private var said: [UInt8] = []
    private var answered: [UInt8] = []
    private var exit: ChildProcess.Exit?

    private static let patience = Duration.seconds(20)
    private static let answerAtMost = 4096
    private static let saidAtMost = 64 << 10

    /// Starts it: with the arguments and the environment of this process, and so with the same configuration file.
    init(program: String, _ handover: Handover) throws(UpgradeFailure) {
        do throws(SystemError) {
            let memory = try handover.memory()
            let (verdict, itsVerdict) = try StreamSocket.pair(wakeup: wakeup)
            let (errors, itsErrors) = try StreamSocket.pair(wakeup: wakeup)
            let nothing = try FileDescriptor("open", unsafe open("/dev/null", O_RDONLY | O_CLOEXEC))
            (self.verdict, self.errors) = (verdict, errors)
            var isStarted = false
            defer {
                if !isStarted {
                    verdict.close()
                    errors.close()
                }
            }
            let output = FileDescriptor(owning: itsVerdict)
            let error = FileDescriptor(owning: itsErrors)
            var plan = ChildProcess.Plan(path: program, arguments: CommandLine.arguments + ["--trial"])
            plan.environment = Self.environment + ["\(Handover.variable)=\(memory.number)"]
            plan.descriptors = [(nothing.number, 0), (output.number, 1), (error.number, 2)]
            for number in handover.descriptors + [memory.number] { plan.descriptors.append((number, number)) }
            plan.isPrivileged = true
            plan.deathSignal = SIGKILL
            child = try ChildProcess(plan)
            isStarted = true
        } catch {
            throw error.call.description == "spawn" ? .program(path: program, error) : .system(error)
        }
    }

    /// All of it, but for what would have it speak to the service manager in this one's name.
    private static var environment: [String] {
        Surroundings.current.variables.filter { $0.key != "NOTIFY_SOCKET" }.map { "\($0.key)=\($0.value)" }
    }

    /// The version of the new program, which can take over.
    func outcome() async throws(UpgradeFailure) -> String {
        defer {
            verdict.close()
            errors.close()
        }
        EventLoop.spawn { [self] in
            exit = try? await child.exit()
            wakeup.signal()
        }
        let deadline = EventLoop.now + Self.patience
        var isTimely = true
        while exit == nil {
            read()
            do throws(WaitError) {
                try await wakeup.wait(until: isTimely ? deadline : .never)
            } catch {
                isTimely = false
                child.kill(SIGKILL)
            }
        }
        read()
        guard isTimely else { throw .trialTimedOut(after: Self.patience, said: lines) }
        guard exit == .code(0) else { throw .trial(exit ?? .unseen, said: lines) }
        guard let verdict = TrialVerdict(encoded: answered) else { throw .noVerdict(said: lines) }
        return verdict.version
    }

    /// Ends it, for the sake of something more urgent.
    func cancel() {
        child.kill(SIGKILL)
    }

    private func read() {
        answered += Self.read(verdict, room: Self.answerAtMost - answered.count)
        said += Self.read(errors, room: Self.saidAtMost - said.count)
    }

    /// What is there; beyond the room it is dropped.
    private static func read(_ socket: StreamSocket, room: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while case .bytes(let count) = try? unsafe socket.read(into: ReadBuffer.shared.space) {
            ReadBuffer.shared.withBytes(count) { read in
                for index in read.indices where bytes.count < room { bytes.append(read[index]) }
            }
        }
        return bytes
    }

    /// The last of what it said, without its name.
    private var lines: [String] {
        let name = "ocm-supervisor: "
        let lines = String(decoding: said, as: UTF8.self).split(separator: "\n").suffix(20)
        return lines.map { String($0.hasPrefix(name) ? $0.dropFirst(name.count) : $0) }
    }
}
