internal import OCMEventLoop
internal import OCMTLS

/// A connection to the API, in an exchange or waiting for one.
@EventLoop final class UpstreamConnection {
    let transport: Transport
    /// Has served an exchange before: then the API may have closed it while the request was on its way.
    private(set) var isReused = false
    /// Since when it waits, while it does.
    private(set) var idleSince = Instant.never

    init(_ transport: Transport) {
        self.transport = transport
    }

    func rest(at now: Instant) {
        isReused = true
        idleSince = now
    }

    /// Nothing has come and nobody has hung up while it waited: any of that makes it useless.
    var isUsable: Bool {
        transport.isOpen && !transport.mayRead && !transport.isHungUp
    }
}
