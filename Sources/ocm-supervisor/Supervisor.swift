import Glibc
import Logging
import OCMEventLoop
import OCMIPC

/// The supervisor as a whole: puts its parts together and leads them through start and stop.
@EventLoop final class Supervisor {
    private let configuration: Configuration
    let log: LogTarget
    private let signals: SignalSource
    let started: Timestamp
    let upgrade: Upgrade
    private let inheritance: Inheritance?
    private(set) var admin: AdminServer?
    private(set) var state = StatusReport.State.starting
    /// The signal that has asked for the end, and what waits for it.
    private var endSignal: Int32?
    private let endAsked = Wakeup()

    private static let startTime = Duration.seconds(30)

    /// Serves what a configuration says. Returns the exit status when the service has ended.
    ///
    /// - Parameter handover: what the program before this one has left in the process, in an upgrade.
    nonisolated static func run(configuration: Configuration, after handover: Handover?) -> Int32 {
        raiseDescriptorLimit()
        EventLoop.trapStrayTasks()
        let status = ExitStatus()
        EventLoop.run {
            do throws(StartFailure) {
                try await Supervisor(configuration, after: handover).serve()
                status.code = 0
            } catch {
                StandardError.write("ocm-supervisor: \(error)\n")
            }
        }
        return status.value
    }

    private init(_ configuration: Configuration, after handover: Handover?) throws(StartFailure) {
        self.configuration = configuration
        started = handover?.started ?? .now
        inheritance = handover.map { Inheritance($0) }
        do throws(SystemError) {
            log = try LogTarget(configuration.log)
        } catch {
            throw .log(error)
        }
        upgrade = Upgrade(after: handover, logger: log.logger)
        do throws(SystemError) {
            signals = try SignalSource([SIGTERM, SIGINT, SIGHUP, SIGUSR2])
        } catch {
            throw .system(error)
        }
    }

    private func serve() async throws(StartFailure) {
        let socket = try await StartUp.adminSocket(configuration, from: inheritance, log.logger)
        defer { socket?.close() }
        let service = try RunningService(
            configuration, log: log, accounts: try await StartUp.accounts(configuration, log.logger),
            from: inheritance)
        admin = socket.map { AdminServer($0, routes(for: service), logger: log.logger) }
        admin?.start()
        defer { admin?.close() }
        EventLoop.spawn { [self] in await followSignals(service) }
        try await start(service)
        while endSignal == nil { try? await endAsked.wait() }
        state = .stopping
        log.logger.notice("stopping", metadata: ["signal": "\(endSignal ?? 0)"])
        await service.stop(within: configuration.stopTimeout ?? .seconds(365 * 86400))
        log.logger.notice("stopped")
    }

    /// Throws where the service can't start; returns where it has, or a signal has ended the start.
    private func start(_ service: RunningService) async throws(StartFailure) {
        do throws(StartFailure) {
            try await service.open()
            guard await service.start(until: EventLoop.now + Self.startTime) else { throw .workersNotReady }
        } catch {
            if endSignal != nil { return }
            await service.abandon()
            throw error
        }
        state = .serving
        upgrade.noteServing()
        log.logger.notice("ready", metadata: ["version": "\(Release.version)", "workers": "\(configuration.workers)"])
    }

    /// The first signal ends the service when what is open is finished, a second one at once. SIGHUP, which asks for a
    /// reload, and SIGUSR2, which asks for an upgrade, are no reasons to end.
    private func followSignals(_ service: RunningService) async {
        while let signal = try? await signals.next() {
            if signal == SIGHUP {
                log.logger.warning("reload is not supported yet: restart to apply a changed configuration")
                continue
            }
            if signal == SIGUSR2 {
                startUpgrade(of: service)
                continue
            }
            upgrade.cancel()
            if endSignal != nil { log.logger.notice("stopping at once", metadata: ["signal": "\(signal)"]) }
            if endSignal != nil || state == .starting { service.hurry() }
            endSignal = signal
            endAsked.signal()
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
