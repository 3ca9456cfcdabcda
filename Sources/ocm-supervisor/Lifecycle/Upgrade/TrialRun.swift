import Glibc
import OCMEventLoop
import OCMIPC
import OCMLogging

/// The new program's side of a trial (`run --trial`): everything of the start that can fail, on what was handed over and
/// beside a supervisor that serves. It reads files and writes none, and its one worker is given no listener.
@EventLoop struct TrialRun {
    private let configuration: Configuration
    private let handover: Handover

    /// What a worker has, from its start until it is ready.
    private static let workerTime = Duration.seconds(10)

    enum Failure: Error, CustomStringConvertible {
        case start(StartFailure)
        case stateDirectory(String, was: String)
        case worker(String)
        case workerNotReady(Duration)

        var description: String {
            switch self {
            case .start(let failure): "\(failure)"
            case .stateDirectory(let path, let before):
                "state_directory has become \(path), and an upgrade would lose the workers that are found in \(before): "
                    + "change it back, or restart"
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
                try await TrialRun(configuration: configuration, handover: handover).run()
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

    private func run() async throws(Failure) {
        guard configuration.stateDirectory == handover.stateDirectory else {
            throw .stateDirectory(configuration.stateDirectory, was: handover.stateDirectory)
        }
        do throws(StartFailure) {
            try await tryStart()
        } catch {
            throw .start(error)
        }
        try await tryWorker()
    }

    private func tryStart() async throws(StartFailure) {
        do throws(SystemError) { _ = try LogTarget(configuration.log) } catch { throw .log(error) }
        let prices = try StartUp.prices(configuration)
        do throws(LedgerError) {
            // Nothing is to be understood otherwise than it was meant: a later version may have written it.
            _ = try StoredUsage.read(configuration, prices: prices, zone: .system)
        } catch {
            throw .ledger(error)
        }
        guard let programs = Programs.locate() else { throw .noWorkerProgram }
        _ = try StartUp.loginSurroundings(configuration, programs)
    }

    private func tryWorker() async throws(Failure) {
        let settings: WorkerConfiguration
        let plan: (program: String, account: (user: UInt32, group: UInt32)?)
        do throws(StartFailure) {
            guard let programs = Programs.locate() else { throw .noWorkerProgram }
            settings = WorkerConfiguration(
                configuration, generation: 1, roots: try StartUp.roots(configuration), logForm: .text)
            let account = try StartUp.account(configuration)
            plan = (programs.worker, account)
        } catch {
            throw .start(error)
        }
        let worker: WorkerProcess
        do throws(SystemError) {
            worker = try WorkerProcess(
                program: plan.program, account: plan.account, log: STDERR_FILENO, rendezvous: nil,
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
