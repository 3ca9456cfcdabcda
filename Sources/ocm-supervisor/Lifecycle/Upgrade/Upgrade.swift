import CShims
import Glibc
import Logging
import OCMEventLoop
import OCMIPC

/// The way to another version: the new program is tried out in a child, and then executed in this process, which keeps its
/// number and its sockets. The workers outlive that as they outlive a supervisor that is killed.
///
/// Nothing is let go of before execve(2) has succeeded: what must not be lost is on disk by then, or with the workers, and
/// whatever else is open is closed by the execution itself. So a failure at any point leaves all as it was.
@EventLoop final class Upgrade {
    /// What is in the way of the execution at a moment.
    enum Obstacle {
        /// It will have gone before long.
        case passing(UpgradeFailure)
        case lasting(UpgradeFailure)
    }

    /// What it has to know of the supervisor, and to have from it.
    struct Subject {
        var obstacle: () -> Obstacle?
        /// Its descriptors belong to the caller.
        var handover: (_ number: UInt32, _ begun: Timestamp) throws(SystemError) -> Handover
        /// Has the operator's socket answer what was asked, and no more until it is told to.
        var pauseAdmin: () async -> Void
        var resumeAdmin: () -> Void
        /// Tells the workers.
        var leave: () -> Void
        /// The file that the new program will read.
        var configuration: () -> String
    }

    /// The last one.
    private(set) var report: StatusReport.Upgrade?
    private let program: String?
    private let logger: Logger
    private var trial: UpgradeTrial?
    /// The last attempt's number, and when it was asked for.
    private var number: UInt32
    private var begun: Timestamp
    /// The programs and the configuration of the trial.
    private var tried: [FileVersion?] = []

    private static let patience = Duration.seconds(60)

    /// - Parameter handover: what the program before has left in this process.
    init(after handover: Handover?, logger: Logger) {
        self.logger = logger
        program = Programs.executedPath
        number = handover?.number ?? 0
        begun = handover?.begun ?? .now
        report = handover.map {
            StatusReport.Upgrade(
                number: $0.number, state: .executing, time: $0.begun.wholeSeconds, from: $0.version,
                to: Release.version, reasons: [])
        }
    }

    var isUnderWay: Bool { report?.state == .trial || report?.state == .executing }

    /// This program has taken over.
    func noteServing() {
        guard let before = report, before.state == .executing else { return }
        report?.state = .done
        logger.notice("upgraded", metadata: ["from": "\(before.from)", "to": "\(Release.version)"])
    }

    /// Tries the new program. Where it does not throw, ``complete(_:)`` is to follow.
    func begin(_ subject: Subject) async throws(UpgradeFailure) {
        guard !isUnderWay else { throw .underWay }
        number += 1
        begun = .now
        report = StatusReport.Upgrade(
            number: number, state: .trial, time: begun.wholeSeconds, from: Release.version, to: nil, reasons: [])
        do throws(UpgradeFailure) {
            let version = try await tryProgram(subject)
            report?.to = version
            report?.state = .executing
        } catch {
            throw fail(error)
        }
    }

    private func tryProgram(_ subject: Subject) async throws(UpgradeFailure) -> String {
        if case .lasting(let failure) = subject.obstacle() { throw failure }
        guard let program else { throw .program(path: "/proc/self/exe", SystemError("readlink", ENOENT)) }
        logger.notice("upgrade: the new program is tried out", metadata: ["program": "\(program)"])
        let handover = try handedOver(subject)
        defer { Self.close(handover) }
        tried = versions(program, subject)
        let trial = try UpgradeTrial(program: program, handover)
        self.trial = trial
        defer { self.trial = nil }
        do throws(UpgradeFailure) {
            return try await trial.outcome()
        } catch {
            // Whatever ended it, the supervisor's own end says more.
            if case .lasting(let failure) = subject.obstacle() { throw failure }
            throw error
        }
    }

    /// Executes the new program as soon as nothing is in the way. Returns only where that fails.
    func complete(_ subject: Subject) async {
        defer { subject.resumeAdmin() }
        do throws(UpgradeFailure) {
            let deadline = EventLoop.now + Self.patience
            repeat {
                try await clearTheWay(subject, until: deadline)
                // Who has asked for what was in the way has been told by then.
                await subject.pauseAdmin()
            } while subject.obstacle() != nil
            guard let program else { throw .underWay }
            guard versions(program, subject) == tried else { throw .changed }
            // From here on nothing else runs in this program any more.
            try execute(program, subject)
        } catch {
            fail(error)
        }
    }

    /// What a trial is good for.
    private func versions(_ program: String, _ subject: Subject) -> [FileVersion?] {
        [program, Programs.worker(beside: program), subject.configuration()].map { $0.flatMap(FileVersion.init(of:)) }
    }

    private func clearTheWay(_ subject: Subject, until deadline: Instant) async throws(UpgradeFailure) {
        while let obstacle = subject.obstacle() {
            switch obstacle {
            case .lasting(let failure): throw failure
            case .passing(let failure):
                guard EventLoop.now < deadline else { throw failure }
                try? await EventLoop.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Returns never: where it does not throw, this program is no more.
    private func execute(_ program: String, _ subject: Subject) throws(UpgradeFailure) {
        let handover = try handedOver(subject)
        defer { Self.close(handover) }
        let memory: FileDescriptor
        do throws(SystemError) { memory = try handover.memory() } catch { throw .system(error) }
        let kept = handover.descriptors + [memory.number]
        logger.notice("upgrade: the new program takes over", metadata: ["version": "\(report?.to ?? "")"])
        subject.leave()
        unsafe ocm_execute(program, CommandLine.unsafeArgv, "\(Handover.variable)=\(memory.number)", kept, kept.count)
        throw .execution(path: program, SystemError("execve"))
    }

    private func handedOver(_ subject: Subject) throws(UpgradeFailure) -> Handover {
        do throws(SystemError) { return try subject.handover(number, begun) } catch { throw .system(error) }
    }

    private static func close(_ handover: Handover) {
        for number in handover.descriptors { Glibc.close(number) }
    }

    @discardableResult
    private func fail(_ failure: UpgradeFailure) -> UpgradeFailure {
        report?.state = .failed
        report?.reasons = failure.reasons
        logger.error(
            "upgrade failed, this program goes on",
            metadata: ["version": "\(Release.version)", "reason": "\(failure.reasons.joined(separator: "; "))"])
        return failure
    }

    /// What someone is told whose upgrade did not come about.
    func refusal(_ failure: UpgradeFailure) -> StatusReport.Upgrade {
        StatusReport.Upgrade(
            number: number, state: .failed, time: begun.wholeSeconds, from: Release.version, to: report?.to,
            reasons: failure.reasons)
    }

    /// Has a trial that runs make room for the end of the supervisor.
    func cancel() {
        trial?.cancel()
    }
}
