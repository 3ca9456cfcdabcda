internal import OCMEventLoop

/// What the supervisor has said of the addresses of the configured hosts.
@EventLoop final class AddressBook {
    private var addresses: [String: [SocketAddress]] = [:]
    private var waiting: [String: [Wakeup]] = [:]

    /// Takes the supervisor's answer. None keeps what was known: an old address may still do.
    func update(_ host: String, _ found: [SocketAddress]) {
        if !found.isEmpty || addresses[host] == nil { addresses[host] = found }
        for wakeup in waiting.removeValue(forKey: host) ?? [] { wakeup.signal() }
    }

    /// The addresses of a host, or of the address that it is; waits for the first answer until the deadline.
    func addresses(of host: String, port: UInt16, until deadline: Instant) async throws(WaitError) -> [SocketAddress] {
        if let literal = SocketAddress(literal: host, port: port) { return [literal] }
        while addresses[host] == nil {
            let wakeup = Wakeup()
            waiting[host, default: []].append(wakeup)
            try await wakeup.wait(until: deadline)
        }
        return (addresses[host] ?? []).map { $0.with(port: port) }
    }
}

extension SocketAddress {
    fileprivate func with(port: UInt16) -> SocketAddress {
        switch self {
        case .v4(let address, _): .v4(address: address, port: port)
        case .v6(let high, let low, _, let scope): .v6(high: high, low: low, port: port, scope: scope)
        case .unix: self
        }
    }
}
