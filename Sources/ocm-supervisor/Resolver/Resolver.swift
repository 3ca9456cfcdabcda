internal import Logging
internal import OCMEventLoop

/// What the configured hosts' names mean, kept up to date.
///
/// A name is looked up in a child: getaddrinfo(3) blocks, and reads what strangers sent. It gives no times to live, so
/// names that are followed are looked up every minute; where that fails, the last good answer stays in force.
@EventLoop final class Resolver {
    /// Looks a name up; addresses with port 0.
    typealias Lookup = @EventLoop @Sendable (String) async -> ResolverResult

    struct Timing: Sendable {
        /// Age at which an answer is looked up again.
        var lifetime = Duration.seconds(60)
        /// For so long after a failure nothing is looked up.
        var pause = Duration.seconds(1)
        /// The longest distance between attempts while they fail.
        var longestPause = Duration.seconds(30)
    }

    private final class Name {
        var addresses: [SocketAddress] = []
        var isLookedUp = false
        /// When it is time to look it up again.
        var due = Instant(nanoseconds: 0)
        var failures = 0
        var failure: ResolverError?
        var waiting: [Wakeup] = []
        var followers: [(UInt16, @EventLoop (ResolverResult) -> Void)] = []
        var following: Task<Void, Never>?
    }

    private let lookup: Lookup
    private let timing: Timing
    private let logger: Logger
    private var names: [String: Name] = [:]

    /// For tests: with another way to look names up.
    init(timing: Timing = Timing(), logger: Logger, lookup: @escaping Lookup) {
        self.lookup = lookup
        self.timing = timing
        self.logger = logger
    }

    /// `program`: absolute path of ocm-supervisor.
    convenience init(program: String, logger: Logger) {
        let call = ChildCall(program: program, command: "resolve")
        self.init(logger: logger) { host in
            do throws(ChildFailure) {
                let answer = try await call.answer(
                    to: Secret(host), limit: 16 << 10, until: EventLoop.now + .seconds(15))
                return ChildMessage.addresses(answer) ?? .failure(.failed("the child's answer is malformed"))
            } catch {
                return .failure(error == .cancelled ? .cancelled : .child(error))
            }
        }
    }

    /// The addresses of a host in the order in which they are best tried; at least one. An IP literal is its own.
    ///
    /// Waits for the first answer only: later ones are what is known, and are brought up to date behind it.
    func addresses(for host: String, port: UInt16) async throws(ResolverError) -> [SocketAddress] {
        if let address = SocketAddress(literal: host, port: port) { return [address] }
        let name = name(host)
        if name.due <= EventLoop.now { lookUp(host, name) }
        if name.addresses.isEmpty, name.isLookedUp { try await wait(for: name) }
        guard name.addresses.isEmpty else { return name.addresses.map { $0.with(port: port) } }
        throw name.failure ?? .notFound
    }

    /// Calls `body` with the first answer and with each that differs from the one before, for as long as the resolver
    /// lives. A failure is reported only while there is no answer yet; the name goes on being looked up.
    func follow(_ host: String, port: UInt16, _ body: @escaping @EventLoop (ResolverResult) -> Void) {
        if let address = SocketAddress(literal: host, port: port) { return body(.success([address])) }
        let name = name(host)
        let isFirst = name.followers.isEmpty
        name.followers.append((port, body))
        if !name.addresses.isEmpty { body(.success(name.addresses.map { $0.with(port: port) })) }
        guard isFirst else { return }
        name.following = EventLoop.spawn { [weak self] in
            while let due = self?.keepUp(host) {
                do { try await EventLoop.sleep(until: due) } catch { return }
            }
        }
    }

    /// Ends following all hosts but these.
    func forget(hostsBesides hosts: Set<String>) {
        for (host, name) in names where !hosts.contains(host) {
            name.followers = []
            name.following?.cancel()
            name.following = nil
        }
    }

    /// Looks a followed name up if it is time, and says when to come again.
    private func keepUp(_ host: String) -> Instant? {
        guard let name = names[host], !name.followers.isEmpty else { return nil }
        if name.due <= EventLoop.now { lookUp(host, name) }
        return name.isLookedUp ? EventLoop.now + timing.pause : name.due
    }

    private func name(_ host: String) -> Name {
        if let name = names[host] { return name }
        let name = Name()
        names[host] = name
        return name
    }

    private func wait(for name: Name) async throws(ResolverError) {
        let wakeup = Wakeup()
        name.waiting.append(wakeup)
        do throws(WaitError) {
            try await wakeup.wait()
        } catch {
            throw .cancelled
        }
    }

    /// One child at a time for a name.
    private func lookUp(_ host: String, _ name: Name) {
        guard !name.isLookedUp else { return }
        name.isLookedUp = true
        EventLoop.spawn { [lookup] in
            let result = await lookup(host)
            self.take(result, for: host, name)
        }
    }

    private func take(_ result: ResolverResult, for host: String, _ name: Name) {
        name.isLookedUp = false
        switch result {
        case .success(let addresses):
            name.failures = 0
            name.failure = nil
            name.due = EventLoop.now + timing.lifetime
            if addresses != name.addresses {
                logger.debug(
                    "host resolved",
                    metadata: ["host": .string(host), "addresses": .string("\(addresses.map(\.host))")])
                name.addresses = addresses
                tell(name, result)
            }
        case .failure(let error):
            name.failures += 1
            name.due = EventLoop.now + min(timing.pause * (1 << min(name.failures - 1, 16)), timing.longestPause)
            if name.failure != error {
                logger.warning(
                    "host not resolved", metadata: ["host": .string(host), "reason": .string("\(error)")])
            }
            name.failure = error
            if name.addresses.isEmpty { tell(name, result) }
        }
        let waiting = name.waiting
        name.waiting = []
        for wakeup in waiting { wakeup.signal() }
    }

    private func tell(_ name: Name, _ result: ResolverResult) {
        for (port, body) in name.followers { body(result.map { $0.map { $0.with(port: port) } }) }
    }
}
