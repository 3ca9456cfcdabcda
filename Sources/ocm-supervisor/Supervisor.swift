import Glibc
import Logging
import OCMEventLoop
import OCMIPC

/// The supervisor as a whole: puts its parts together and leads them through start and stop.
@EventLoop final class Supervisor {
    let manager: ServiceManager
    let log: SupervisorLog
    private let signals: SignalSource
    let service: RunningService
    let started: Timestamp
    let upgrade: Upgrade
    private(set) var state = StatusReport.State.starting
    /// When what is open is cut, once it ends.
    private(set) var deadline: Timestamp?
    /// Why it ends, and what waits for that.
    private var ending: Ending?
    private let endAsked = Wakeup()
    let reloads = ReloadQueue()
    private(set) var admin: AdminServer?
    /// Of the configuration in force, where a reload has put it into force.
    var probation: Probation?

    /// Why it ends.
    private enum Ending {
        case signal
        /// The operator wants everything finished.
        case drain
    }

    private static let startTime = Duration.seconds(30)
    /// What a reload under way has to come to its end before a stop.
    private static let reloadTime = Duration.seconds(5)

    /// Serves what a configuration says. Returns the exit status when the service has ended.
    ///
    /// - Parameter handover: what the program before this one has left in the process, in an upgrade.
    nonisolated static func run(configuration: Configuration, after handover: Handover?) -> Int32 {
        raiseDescriptorLimit()
        do throws(SystemError) {
            try Privileges.reduce()
        } catch {
            StandardError.write("ocm-supervisor: privileges can't be given up: \(error)\n")
            return 1
        }
        EventLoop.trapStrayTasks()
        let status = ExitStatus()
        EventLoop.run {
            let manager = ServiceManager()
            manager.starting()
            do throws(StartFailure) {
                try await serve(configuration, after: handover, manager)
                status.code = 0
            } catch {
                manager.failed("\(error)", code: error.code)
                StandardError.write("ocm-supervisor: \(error)\n")
            }
        }
        return status.value
    }

    private static func serve(
        _ configuration: Configuration, after handover: Handover?, _ manager: ServiceManager
    ) async throws(StartFailure) {
        let log: SupervisorLog
        let signals: SignalSource
        do throws(SystemError) { log = try SupervisorLog(configuration.log) } catch { throw .log(error) }
        do throws(SystemError) {
            signals = try SignalSource([SIGTERM, SIGINT, SIGHUP, SIGUSR2])
        } catch {
            throw .system(error)
        }
        if Release.isSanitized {
            log.logger.notice(
                "this build is for a sanitizer: no limit of memory, no system call filter, no Landlock, not for use")
        }
        let inheritance = handover.map { Inheritance($0) }
        let upgrade = Upgrade(after: handover, logger: log.logger)
        let inherited = try StartUp.handedOver(configuration, manager, log.logger)
        let socket = try await StartUp.adminSocket(configuration, from: inheritance, log.logger)
        defer { socket?.close() }
        let service = try RunningService(
            configuration, log: log, accounts: try await StartUp.accounts(configuration, log.logger),
            from: inheritance)
        StartUp.tellGaps(service.plan.account, log.logger)
        service.fleet.listeners.inherited = inherited
        service.fleet.listeners.manager = manager
        let supervisor = Supervisor(service, manager, log, signals, upgrade, started: handover?.started ?? .now)
        try await supervisor.serve(socket)
    }

    private init(
        _ service: RunningService, _ manager: ServiceManager, _ log: SupervisorLog, _ signals: SignalSource,
        _ upgrade: Upgrade, started: Timestamp
    ) {
        self.manager = manager
        self.service = service
        self.log = log
        self.signals = signals
        self.upgrade = upgrade
        self.started = started
    }

    private func serve(_ socket: AdminSocket?) async throws(StartFailure) {
        if let socket { answer(on: socket) }
        defer { admin?.close() }
        EventLoop.spawn { [self] in await followSignals() }
        try await start()
        service.fleet.crashed = { [self] in noteCrash() }
        EventLoop.spawn { [self] in
            await reloads.run({ [self] in await reload() }, takingBack: { [self] in await takeBack() })
        }
        while ending == nil { try? await endAsked.wait() }
        await reloads.close(until: EventLoop.now + Self.reloadTime)
        await finish()
        log.logger.notice("stopped")
    }

    /// Throws where the service can't start; returns where it has, or is to end already.
    private func start() async throws(StartFailure) {
        do throws(StartFailure) {
            try await service.open()
            guard await service.start(until: EventLoop.now + Self.startTime) else { throw .workersNotReady }
        } catch {
            if ending != nil { return }
            await service.abandon()
            throw error
        }
        state = .serving
        upgrade.noteServing()
        manager.ready { [self] in statusLine }
        log.logger.notice(
            "ready", metadata: ["version": "\(Release.version)", "workers": "\(service.configuration.workers)"])
    }

    /// Finishes what is open.
    private func finish() async {
        await service.stop(within: deadline.map { $0 - .now })
    }

    /// Answers the operator there from now on; who asked on another socket still gets an answer.
    func answer(on socket: AdminSocket) {
        admin?.retire()
        let server = AdminServer(socket, routes, logger: log.logger)
        admin = server
        server.start()
    }

    var isEnding: Bool { ending != nil }

    /// Accepts no more, finishes what is open within `drain_timeout`, and ends.
    func drain() {
        guard ending == nil else { return }
        log.logger.notice("draining")
        end(.drain)
    }

    private func end(_ reason: Ending) {
        let time: Duration?
        switch reason {
        case .drain: (state, time) = (.draining, service.configuration.drainTimeout)
        case .signal: (state, time) = (.stopping, service.configuration.stopTimeout)
        }
        if ending == nil {
            deadline = time.map { .now + $0 }
            if case .drain = reason { service.fleet.listeners.forgetStored() }
            manager.stopping(statusLine)
            upgrade.cancel()
            service.end()
            endAsked.signal()
        } else if let time, deadline.map({ $0 > .now + time }) ?? true {
            // The operator waits no longer for a drain than for a stop.
            deadline = .now + time
            service.hasten(within: time)
        }
        ending = reason
    }

    /// What matters, for who looks from the service manager's side.
    private var statusLine: String { StatusLine(status, now: .now).text }

    /// SIGHUP asks for a reload, SIGUSR2 for an upgrade. The first signal of another kind ends the service when what is
    /// open is finished, within `stop_timeout`; another one at once.
    private func followSignals() async {
        while let signal = try? await signals.next() {
            switch ending {
            case _ where signal == SIGHUP: reloads.ask()
            case _ where signal == SIGUSR2: startUpgrade()
            case nil, .drain:
                log.logger.notice("stopping", metadata: ["signal": "\(signal)"])
                end(.signal)
            case .signal:
                log.logger.notice("stopping at once", metadata: ["signal": "\(signal)"])
                service.hurry()
            }
        }
    }

    /// As far as the hard limit (getrlimit(2)); workers inherit it.
    private nonisolated static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// Leaves the loop with the process's exit status.
@EventLoop private final class ExitStatus {
    var code: Int32 = 1
    nonisolated init() {}

    nonisolated var value: Int32 { EventLoop.assumeIsolated { code } }
}
