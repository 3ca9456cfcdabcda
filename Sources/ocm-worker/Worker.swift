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
    private let reporter: Reporter
    private let addresses = AddressBook()
    private let lifecycle = Lifecycle()
    private var services: [String: Service] = [:]
    private var acceptors: [Acceptor] = []
    private var state = WorkerState.started
    private var logger = Logger(label: "ocm-worker") { _ in LineLogHandler(descriptor: 2, level: .info) }
    private var draining: Task<Void, Never>?
    /// The supervisor knows that nothing is open any more; it ends the channel.
    private var isDone = false

    init(channel descriptor: consuming FileDescriptor) throws(SystemError) {
        link = SupervisorLink(channel: try Channel(adopting: descriptor))
        reporter = Reporter(link: link)
    }

    /// Serves until the supervisor has it drain, or is gone.
    func run() async {
        link.send(.hello(Hello(build: Release.version)))
        while let received = await link.receive() {
            guard await handle(received) else { return }
            reporter.sendRest()
        }
        guard !isDone else { return }
        if let draining { return await draining.value }
        guard state == .serving else { return }
        // What is served without a supervisor is not counted, and the next supervisor needs the address.
        logger.warning("the supervisor is gone: finishing what is open")
        await drain(for: 60_000)
    }

    /// False where the worker is to end.
    private func handle(_ received: consuming Channel<WorkerMessage, SupervisorMessage>.Received) async -> Bool {
        let message = received.message
        guard SupervisorMessage.Kind.permitted[state]?.contains(message.kind) == true else {
            logger.critical("the supervisor said what it may not", metadata: ["message": "\(message.kind)"])
            return false
        }
        switch message {
        case .hello: state = .configuring
        case .configure(let configuration): return configure(configuration)
        case .listen(let tag): listen(tag, received.packet.takeDescriptor())
        case .credential(let tag, let credential): services[tag]?.update(credential)
        case .addresses(let host, let found): addresses.update(host, found)
        case .acknowledge(let sequence): reporter.acknowledged(sequence)
        case .drain(let milliseconds):
            guard state == .serving else { break }
            state = .draining
            draining = EventLoop.spawn { [self] in
                await drain(for: milliseconds)
                await leave()
            }
        }
        return true
    }

    private func configure(_ configuration: WorkerConfiguration) -> Bool {
        let level = Logger.Level.allCases[Int(min(configuration.logLevel, 6))]
        let format = configuration.logsJSON ? LineLogHandler.Format.json : .text
        logger = Logger(label: "ocm-worker") { _ in LineLogHandler(descriptor: 2, level: level, format: format) }
        logger[metadataKey: "worker"] = "\(getpid())"
        let bounds = Bounds(configuration.limits, configuration.timeouts)
        guard let pools = pools(configuration) else { return false }
        let budget = ByteBudget(bounds.buffers)
        for service in configuration.services {
            let tag = service.tag
            do throws(HTTPError) {
                services[tag] = try Service(
                    service, bounds: bounds, pools: pools, reporter: reporter, replayBudget: budget, logger: logger,
                    reject: { [link] in link.send(.credentialRejected(service: tag, generation: $0)) })
            } catch {
                logger.critical("a configured header can't be sent", metadata: ["service": "\(tag)"])
                return false
            }
        }
        state = .serving
        link.send(.ready(generation: configuration.generation))
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

    private func drain(for milliseconds: UInt64) async {
        for acceptor in acceptors { acceptor.stop() }
        acceptors = []
        await lifecycle.drain(until: EventLoop.now.after(nanoseconds: milliseconds.multipliedSaturating(by: 1_000_000)))
    }

    /// The last usage must be on disk before the worker may go.
    private func leave() async {
        let deadline = EventLoop.now + .seconds(10)
        while !reporter.isEmpty, link.isConnected, EventLoop.now < deadline {
            try? await EventLoop.sleep(for: .milliseconds(5))
        }
        isDone = true
        link.send(.drained)
    }
}

extension UInt64 {
    fileprivate func multipliedSaturating(by factor: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
