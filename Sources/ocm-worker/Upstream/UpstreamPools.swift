internal import OCMEventLoop
internal import OCMIPC

/// The pools of all origins, shared by the services.
@EventLoop final class UpstreamPools {
    private let dialer: Dialer
    private var pools: [WorkerConfiguration.Endpoint: UpstreamPool] = [:]

    init(dialer: Dialer) {
        self.dialer = dialer
    }

    /// The pool of the endpoint's origin: its path does not matter.
    func pool(to endpoint: WorkerConfiguration.Endpoint) -> UpstreamPool {
        var origin = endpoint
        origin.path = ""
        if let pool = pools[origin] { return pool }
        let pool = UpstreamPool(origin, dialer: dialer)
        pools[origin] = pool
        return pool
    }
}
