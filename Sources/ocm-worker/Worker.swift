internal import Glibc
internal import Logging
internal import OCMEventLoop
internal import OCMHTTP
internal import OCMIPC
internal import OCMLogging
internal import OCMTLS

/// The worker as a whole: puts its parts together as the supervisor says.
@EventLoop final class Worker {
    private let link: SupervisorLink
    private let rendezvous: Rendezvous?
    private let reporter: Reporter
    private let addresses = AddressBook()
    private let lifecycle = Lifecycle()
    private var services: [String: Service] = [:]
    private var acceptors: [Acceptor] = []
    private var state = WorkerState.started
    private var logger = Logger(label: "ocm-worker") { _ in LineLogHandler(descriptor: 2, level: .info) }
    private var draining: Task<Void, Never>?
    /// What it was configured with.
    private var generation: UInt64 = 0
    /// Nothing is open any more, and the supervisor knows, or there is none that could.
    private var isDone = false

    /// How long it serves on without a supervisor, and how long it then takes to finish what is open.
    private static let patience = Duration.seconds(30)
    private static let lastDrain: UInt64 = 60_000

    /// - Parameter rendezvous: see ``Rendezvous``; without it, a worker that loses its supervisor drains at once.
    init(
        channel descriptor: consuming FileDescriptor, rendezvous: consuming FileDescriptor?
    ) throws(SystemError) {
        let supervisor = try PeerCredentials(of: descriptor).user
        link = SupervisorLink(channel: try Channel(adopting: descriptor))
        reporter = Reporter(link: link)
        if let rendezvous {
            self.rendezvous = try Rendezvous(rendezvous, supervisor: supervisor)
        } else {
            self.rendezvous = nil
        }
    }

    /// Serves until it has drained, under one supervisor after the other.
    func run() async {
        link.send(.hello(Hello(build: Release.version)))
        repeat {
            while let received = await link.receive() {
                guard await handle(received) else { return }
                reporter.sendRest()
            }
        } while await isClaimed()
        await draining?.value
    }

    /// The supervisor is gone: serves on, counting, until the next one comes or patience has an end.
    private func isClaimed() async -> Bool {
        guard !isDone, state == .serving || state == .draining else { return false }
        state = .started
        guard let rendezvous else {
            startDraining(for: Self.lastDrain)
            return false
        }
        logger.warning("the supervisor is gone: serving on for another one")
        let waiting = EventLoop.spawn { [self] in
            guard (try? await EventLoop.sleep(for: Self.patience)) != nil else { return }
            logger.warning("no supervisor has come: finishing what is open")
            startDraining(for: Self.lastDrain)
        }
        let channel = await rendezvous.claim()
        waiting.cancel()
        guard let channel else { return false }
        link.reconnect(channel)
        return true
    }

    /// Tells a supervisor that has not started this worker what it has.
    private func comeBack() {
        link.send(.hello(Hello(build: Release.version)))
        for acceptor in acceptors {
            guard let descriptor = try? acceptor.listener.duplicate() else { continue }
            link.send(.listener(service: acceptor.service.tag), descriptors: [descriptor.number])
        }
        link.send(.ready(generation: generation))
        state = .serving
        logger.notice("another supervisor has come")
        reporter.sendAgain()
    }

    /// False where the worker is to end.
    private func handle(_ received: consuming Channel<WorkerMessage, SupervisorMessage>.Received) async -> Bool {
        let message = received.message
        guard SupervisorMessage.Kind.permitted[state]?.contains(message.kind) == true else {
            logger.critical("the supervisor said what it may not", metadata: ["message": "\(message.kind)"])
            return false
        }
        switch message {
        case .hello where services.isEmpty: state = .configuring
        case .hello: comeBack()
        case .configure(let configuration): return configure(configuration)
        case .listen(let tag): listen(tag, received.packet.takeDescriptor())
        case .credential(let tag, let credential): services[tag]?.update(credential)
        case .addresses(let host, let found): addresses.update(host, found)
        case .acknowledge(let sequence): reporter.acknowledged(sequence)
        case .report: reporter.sendAgain()
        case .drain(let milliseconds):
            guard state == .serving else { break }
            state = .draining
            startDraining(for: milliseconds)
        }
        return true
    }

    private func configure(_ configuration: WorkerConfiguration) -> Bool {
        let level = Logger.Level.allCases[Int(min(configuration.logLevel, 6))]
        let format = configuration.logsJSON ? LineLogHandler.Format.json : .text
        logger = Logger(label: "ocm-worker") { _ in LineLogHandler(descriptor: 2, level: level, format: format) }
        logger[metadataKey: "worker"] = "\(getpid())"
        reporter.logger = logger
        let bounds = Bounds(configuration.limits, configuration.timeouts)
        guard let pools = pools(configuration) else { return false }
        let budget = ByteBudget(bounds.buffers)
        for service in configuration.services {
            let tag = service.tag
            do throws(HTTPError) {
                services[tag] = try Service(
                    service, bounds: bounds, pools: pools, reporter: reporter,
                    limits: LimitsReporter(service: tag, link: link), replayBudget: budget, logger: logger,
                    reject: { [link] in link.send(.credentialRejected(service: tag, generation: $0)) })
            } catch {
                logger.critical("a configured header can't be sent", metadata: ["service": "\(tag)"])
                return false
            }
        }
        state = .serving
        generation = configuration.generation
        link.send(.ready(generation: generation))
        return true
    }

    private func pools(_ configuration: WorkerConfiguration) -> UpstreamPools? {
        do throws(TLSError) {
            let timeout = configuration.timeouts.upstreamConnect
            let dialer = Dialer(
                addresses: addresses,
                connectTimeout: timeout == 0 ? .seconds(365 * 86400) : .milliseconds(Int64(clamping: timeout)),
                security: configuration.roots.isEmpty ? nil : try UpstreamSecurity(roots: configuration.roots),
                resolve: { [link] in link.send(.resolve(host: $0)) })
            return UpstreamPools(dialer: dialer)
        } catch {
            logger.critical("the trusted certificates can't be used", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private func listen(_ tag: String, _ descriptor: consuming FileDescriptor?) {
        guard let service = services[tag], let descriptor else { return }
        do throws(SystemError) {
            let acceptor = Acceptor(try Listener(adopting: descriptor), to: service, lifecycle: lifecycle)
            acceptors.append(acceptor)
            acceptor.start()
        } catch {
            logger.error("a listener can't be watched", metadata: ["service": "\(tag)", "reason": "\(error)"])
        }
    }

    private func startDraining(for milliseconds: UInt64) {
        guard draining == nil else { return }
        let deadline = EventLoop.now.after(nanoseconds: milliseconds.multipliedSaturating(by: 1_000_000))
        draining = EventLoop.spawn { [self] in
            await drain(until: deadline)
            await leave(by: deadline)
        }
    }

    private func drain(until deadline: Instant) async {
        for acceptor in acceptors { acceptor.stop() }
        acceptors = []
        await lifecycle.drain(until: deadline)
    }

    /// The last usage must be on disk before the worker may go: if that is full, there may be room by the deadline.
    private func leave(by deadline: Instant) async {
        let deadline = max(deadline, EventLoop.now + .seconds(10))
        while isExpected, EventLoop.now < deadline { try? await EventLoop.sleep(for: .milliseconds(5)) }
        if reporter.count > 0 {
            logger.error("usage could not be reported", metadata: ["responses": "\(reporter.count)"])
        }
        isDone = true
        if state == .draining { link.send(.drained) }
        rendezvous?.close()
    }

    /// There is something to be done yet with a supervisor: this one, or the next.
    private var isExpected: Bool {
        if reporter.count > 0 { return link.isConnected || rendezvous != nil }
        return link.isConnected && state != .draining
    }
}

extension UInt64 {
    fileprivate func multipliedSaturating(by factor: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
