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
    private let buffers: BufferBudget
    private let lifecycle: Lifecycle
    private var services: [String: Service] = [:]
    private var acceptors: [Acceptor] = []
    private var life: WorkerLife
    private var logger = LogSetting.unconfigured.logger
    private var draining: Task<Void, Never>?
    /// The earliest deadline that a supervisor has given a drain.
    private var promised = Instant.never
    /// The number of the configuration in force.
    private var generation: UInt64 = 0
    private var dialer: Dialer?
    private var access: AccessLog?
    private var logForm = LogSetting.unconfigured.form
    private var isOver = false
    /// The supervisor has said that another one follows it.
    private var isLeft = false

    /// How long it serves on without a supervisor, and how long it keeps usage that nobody has taken.
    private static let patience = Duration.seconds(30)
    private static let hope = Duration.seconds(3600)
    /// What the disk has at least, after the last response, for the last usage.
    private static let lastCommitTime = Duration.seconds(10)

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
        buffers = BufferBudget(0)
        lifecycle = Lifecycle(buffers: buffers)
        life = WorkerLife(canBeFound: self.rendezvous != nil)
    }

    /// Serves until it has drained, under one supervisor after the other.
    func run() async {
        defer { access?.flush() }
        link.send(.hello(Hello(build: Release.version)))
        while !isOver {
            guard let received = await link.receive() else {
                await supervisorLost()
                continue
            }
            guard handle(received) else { return }
            reporter.sendRest()
        }
    }

    private func supervisorLost() async {
        reporter.release()
        for action in life.supervisorLost(unreported: reporter.count) {
            if case .awaitNext(let loss) = action { await awaitNext(loss) } else { perform(action) }
        }
        // Without a way back, what is open is finished, and that is all.
        if !isOver, !life.canBeFound { await draining?.value }
    }

    /// Serves on, counting, until the next supervisor comes or patience has an end.
    private func awaitNext(_ loss: Int) async {
        if isLeft {
            logger.info("the supervisor makes room for another one")
        } else {
            logger.warning("the supervisor is gone: serving on for another one")
        }
        let waiting = EventLoop.spawn { [self] in
            guard (try? await EventLoop.sleep(for: Self.patience)) != nil else { return }
            perform(life.patienceEnded(loss: loss))
            guard (try? await EventLoop.sleep(for: Self.hope)) != nil else { return }
            perform(life.hopeEnded(loss: loss))
        }
        defer { waiting.cancel() }
        guard let channel = await rendezvous?.claim() else {
            isOver = true
            return
        }
        link.reconnect(channel)
        isLeft = false
        life.supervisorFound()
    }

    private func comeBack() {
        link.send(.hello(Hello(build: Release.version)))
        for acceptor in acceptors {
            guard let descriptor = try? acceptor.listener.duplicate() else { continue }
            link.send(.listener(service: acceptor.service.tag), descriptors: [descriptor.number])
        }
        link.send(.ready(generation: generation))
        for service in services.values { service.forgetRejections() }
        logger.notice("another supervisor has come")
        reporter.sendAgain()
    }

    private func perform(_ actions: [WorkerLife.Action]) {
        for action in actions { perform(action) }
    }

    private func perform(_ action: WorkerLife.Action) {
        switch action {
        case .comeBack: comeBack()
        case .drain(let milliseconds): drain(for: milliseconds)
        case .sayDrained:
            link.send(.pong(load))
            link.send(.drained)
        // Only the loss itself leads there.
        case .awaitNext: break
        case .end:
            if reporter.count > 0 {
                logger.error("usage could not be reported", metadata: ["responses": "\(reporter.count)"])
            }
            isOver = true
            rendezvous?.close()
        }
    }

    /// False where the worker is to end.
    private func handle(_ received: consuming Channel<WorkerMessage, SupervisorMessage>.Received) -> Bool {
        let message = received.message
        guard life.permits(message.kind) else {
            logger.critical("the supervisor said what it may not", metadata: ["message": "\(message.kind)"])
            return false
        }
        switch message {
        case .hello(let hello): return greet(hello)
        case .configure(let configuration):
            return life.work == .unconfigured ? configure(configuration) : reconfigure(configuration)
        case .listen(let tag): listen(tag, received.packet.takeDescriptor())
        case .credential(let tag, let credential): services[tag]?.update(credential)
        case .addresses(let host, let found): addresses.update(host, found)
        case .acknowledge(let sequence):
            reporter.acknowledged(sequence)
            perform(life.settled(unreported: reporter.count))
        case .report: reporter.sendAgain()
        case .log: if let descriptor = received.packet.takeDescriptor() { reopenLog(descriptor) }
        case .ping: link.send(.pong(load))
        case .leave: isLeft = true
        case .drain(let milliseconds):
            perform(life.drainAsked(within: milliseconds, unreported: reporter.count))
        }
        return true
    }

    /// A supervisor of whatever version may take home what was counted; only one whose configuration can be read starts a
    /// worker.
    private func greet(_ hello: Hello) -> Bool {
        let neighbour = Neighbour(version: hello.version)
        guard neighbour != .stranger || life.work != .unconfigured else {
            logger.critical("the supervisor is of another version", metadata: ["version": "\(hello.build)"])
            return false
        }
        link.meet(neighbour)
        perform(life.greeted())
        return true
    }

    private func configure(_ configuration: WorkerConfiguration) -> Bool {
        makeLogger(configuration)
        let bounds = Bounds(configuration)
        guard let pools = pools(configuration) else { return false }
        buffers.update(bounds.buffers)
        for service in configuration.services {
            let tag = service.tag
            do throws(HTTPError) {
                services[tag] = try Service(
                    service, bounds: bounds, pools: pools, reporter: reporter,
                    limits: LimitsReporter(service: tag, link: link), buffers: buffers, logger: logger,
                    reject: { [link] in link.send(.credentialRejected(service: tag, generation: $0)) })
                services[tag]?.access = access
            } catch {
                logger.critical("a configured header can't be sent", metadata: ["service": "\(tag)"])
                return false
            }
        }
        guard confine(configuration) else { return false }
        life.configured()
        generation = configuration.generation
        link.send(.ready(generation: generation))
        return true
    }

    /// Takes what can change under way. The rest is for workers that start with it.
    private func reconfigure(_ configuration: WorkerConfiguration) -> Bool {
        makeLogger(configuration)
        let bounds = Bounds(configuration)
        buffers.update(bounds.buffers)
        dialer?.update(configuration.timeouts)
        for changed in configuration.services {
            guard let service = services[changed.tag] else { continue }
            do throws(HTTPError) {
                try service.update(changed, bounds: bounds, logger: logger)
                service.access = access
            } catch {
                logger.critical("a configured header can't be sent", metadata: ["service": "\(changed.tag)"])
                return false
            }
        }
        lifecycle.noteChange()
        generation = configuration.generation
        link.send(.ready(generation: generation))
        return true
    }

    /// Takes from this process what it does not need to serve. What the configuration says here can't change under way.
    private func confine(_ configuration: WorkerConfiguration) -> Bool {
        do throws(ConfinementError) {
            try Confinement.complete(ports: Set(configuration.services.flatMap { [$0.chatGPT.port, $0.openAI.port] }))
        } catch {
            logger.critical("a worker can't be confined", metadata: ["reason": "\(error)"])
            return false
        }
        return true
    }

    private func makeLogger(_ configuration: WorkerConfiguration) {
        var setting = LogSetting(configuration.log)
        // The descriptors are those from birth, and so is what is written to them.
        if life.work == .unconfigured { logForm = setting.form } else { setting.form = logForm }
        logger = setting.logger
        logger[metadataKey: "worker"] = "\(getpid())"
        reporter.logger = logger
        access?.flush()
        access = setting.hasAccess ? AccessLog(setting) : nil
    }

    private func reopenLog(_ descriptor: consuming FileDescriptor) {
        dup2(descriptor.number, STDERR_FILENO)
        LogSetting.standardError.reopened()
    }

    /// What a drain has cut stays in it.
    private var load: WorkerLoad {
        WorkerLoad(
            connections: UInt32(clamping: lifecycle.connectionCount),
            exchanges: UInt32(clamping: max(lifecycle.exchangeCount, lifecycle.cutCount)))
    }

    private func pools(_ configuration: WorkerConfiguration) -> UpstreamPools? {
        do throws(TLSError) {
            let dialer = Dialer(
                addresses: addresses, timeouts: configuration.timeouts,
                security: configuration.roots.isEmpty ? nil : try UpstreamSecurity(roots: configuration.roots),
                resolve: { [link] in link.send(.resolve(host: $0)) })
            self.dialer = dialer
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

    /// Accepts no more and finishes what is open; a drain under way gets the new deadline.
    private func drain(for milliseconds: UInt64) {
        var deadline = EventLoop.now.after(nanoseconds: milliseconds.multipliedSaturating(by: 1_000_000))
        if case .present = life.supervision {
            // One supervisor after the other may say how long, each from its own start.
            promised = min(promised, deadline)
            deadline = promised
        }
        // A second deadline may come before the task of the first has begun.
        lifecycle.move(deadline)
        guard draining == nil else { return }
        if case .lost = life.supervision { logger.warning("no supervisor has come: finishing what is open") }
        draining = EventLoop.spawn { [self] in
            for acceptor in acceptors { acceptor.stop() }
            acceptors = []
            await lifecycle.drain()
            perform(life.drained(unreported: reporter.count))
            if isOver { return }
            // If the disk is full, there may be room by the deadline; a supervisor that is stopping waits no longer.
            let last = max(lifecycle.deadline, EventLoop.now + Self.lastCommitTime)
            guard (try? await EventLoop.sleep(until: last)) != nil, case .present = life.supervision else { return }
            perform(life.leave())
        }
    }
}

extension UInt64 {
    fileprivate func multipliedSaturating(by factor: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
