import Glibc
import OCMEventLoop
import OCMIPC
import OCMLogging

/// The new program's side of a trial (`run --trial`): everything of the start that can fail, on what was handed over and
/// beside a supervisor that serves. What is new in the configuration is opened as it would be, and left again: an empty lock
/// beside a new usage file and an empty log are all that stays. Its one worker is given no listener.
@EventLoop struct TrialRun {
    private let configuration: Configuration
    private let handover: Handover
    private var log: LogTarget?

    private init(_ configuration: Configuration, _ handover: Handover) {
        self.configuration = configuration
        self.handover = handover
    }

    /// What a worker has, from its start until it is ready.
    private static let workerTime = Duration.seconds(10)

    enum Failure: Error, CustomStringConvertible {
        case start(StartFailure)
        case otherRendezvous(state: String, configuration: String)
        case rendezvous(state: String, SystemError)
        case worker(String)
        case workerNotReady(Duration)

        var description: String {
            switch self {
            case .start(let failure): "\(failure)"
            case .otherRendezvous(let state, let configuration):
                "by the state directory \(state) and the configuration file \(configuration) it would not find the workers "
                    + "that serve, whose places had other names: change that back, or restart"
            case .rendezvous(let state, let error):
                "no socket can be made below \(state), by which workers are found again: \(error.reason)"
            case .worker(let reason): "the new ocm-worker does not work: \(reason)"
            case .workerNotReady(let time):
                "the new ocm-worker does not work: it was not ready within \(time.components.seconds) s"
            }
        }
    }

    /// Says on standard output that this program could take over, or on standard error why not; returns the exit status.
    nonisolated static func run(_ configuration: Configuration, _ handover: Handover) -> Int32 {
        let outcome = Outcome()
        EventLoop.run {
            do throws(Failure) {
                var trial = TrialRun(configuration, handover)
                try await trial.run()
                outcome.failure = nil
            } catch {
                outcome.failure = "\(error)"
            }
        }
        if let failure = outcome.text {
            StandardError.write("ocm-supervisor: \(failure)\n")
            return 1
        }
        let verdict = TrialVerdict(version: Release.version).encoded
        return (try? FileDescriptor.writeAll(verdict.span, to: STDOUT_FILENO)) == nil ? 1 : 0
    }

    private mutating func run() async throws(Failure) {
        guard findsWorkers else {
            throw .otherRendezvous(state: configuration.stateDirectory, configuration: configuration.file)
        }
        do throws(SystemError) {
            if let rendezvous = handover.rendezvous { try RendezvousDirectory.tryOut(rendezvous) }
        } catch {
            throw .rendezvous(state: configuration.stateDirectory, error)
        }
        do throws(StartFailure) {
            try await tryStart()
        } catch {
            throw .start(error)
        }
        try await tryWorker()
    }

    private var findsWorkers: Bool {
        guard let rendezvous = handover.rendezvous else {
            return configuration.stateDirectory == handover.stateDirectory
        }
        return RendezvousDirectory.isAt(
            rendezvous, state: configuration.stateDirectory, configuration: configuration.file)
    }

    private mutating func tryStart() async throws(StartFailure) {
        do throws(SystemError) { log = try LogTarget(configuration.log) } catch { throw .log(error) }
        try await tryAdminSocket()
        try tryListeners()
        let prices = try StartUp.prices(configuration)
        do throws(LedgerError) {
            // Nothing is to be understood otherwise than it was meant: a later version may have written it.
            _ = try StoredUsage.read(configuration, prices: prices, zone: .system)
        } catch {
            throw .ledger(error)
        }
        try tryUsageFiles()
        guard let programs = Programs.locate() else { throw .noWorkerProgram }
        _ = try StartUp.loginSurroundings(configuration, programs)
    }

    /// Where it is another one.
    private func tryAdminSocket() async throws(StartFailure) {
        guard configuration.adminSocket != handover.adminSocket?.path, let log else { return }
        try await StartUp.adminSocket(configuration, from: nil, log.logger)?.close()
    }

    private func tryListeners() throws(StartFailure) {
        let listeners = ListenerSet()
        listeners.inherited.activated = handover.listeners.filter(\.isActivated).map {
            InheritedListeners.Socket(service: $0.service, number: $0.descriptor)
        }
        let ports = handover.listeners.compactMap { Listener.localAddress(of: $0.descriptor)?.port }
        for failure in listeners.prepare(configuration.services).failures {
            // What runs makes room.
            if failure.reason.code == EADDRINUSE, ports.contains(failure.port) { continue }
            throw .listener(failure)
        }
    }

    /// Those that are in use are this process's own, but for the program.
    private func tryUsageFiles() throws(StartFailure) {
        for path in Set(configuration.services.compactMap(\.usagesPath)) {
            do throws(LedgerError) {
                try DirectoryStorage(path: path).lock()
            } catch {
                if case .inUse(_, getppid()) = error { continue }
                throw .ledger(error)
            }
        }
    }

    private func tryWorker() async throws(Failure) {
        let settings: WorkerConfiguration
        let plan: (program: String, account: (user: UInt32, group: UInt32)?)
        do throws(StartFailure) {
            guard let programs = Programs.locate() else { throw .noWorkerProgram }
            settings = try StartUp.workerConfiguration(configuration, generation: 1, logForm: .text)
            let account = try StartUp.account(configuration)
            plan = (programs.worker, account)
        } catch {
            throw .start(error)
        }
        let worker: WorkerProcess
        do throws(SystemError) {
            worker = try WorkerProcess(
                WorkerIdentity(value: 1), program: plan.program, account: plan.account, log: STDERR_FILENO,
                rendezvous: nil,
                deathSignal: SIGKILL)
        } catch {
            throw .worker("it can't be executed (\(error.reason))")
        }
        defer { worker.process.kill(SIGKILL) }
        try await awaitReady(worker, settings)
    }

    private func awaitReady(_ worker: WorkerProcess, _ settings: WorkerConfiguration) async throws(Failure) {
        let progress = Progress()
        EventLoop.spawn {
            await worker.serve(configuration: settings) { event in
                if case .ready = event { progress.isReady = true }
                progress.changed.signal()
            }
            worker.process.kill(SIGKILL)
            let exit = try? await worker.process.exit()
            progress.failure = worker.violation ?? "it ended with \(exit.map(\.description) ?? "unknown cause")"
            progress.changed.signal()
        }
        let deadline = EventLoop.now + Self.workerTime
        while !progress.isReady {
            if let failure = progress.failure { throw .worker(failure) }
            do throws(WaitError) {
                try await progress.changed.wait(until: deadline)
            } catch {
                throw .workerNotReady(Self.workerTime)
            }
        }
    }
}

@EventLoop private final class Progress {
    var isReady = false
    var failure: String?
    let changed = Wakeup()
}

/// Leaves the loop with why it failed.
@EventLoop private final class Outcome {
    var failure: String? = "the trial did not come to its end"
    nonisolated init() {}

    nonisolated var text: String? { EventLoop.assumeIsolated { failure } }
}
