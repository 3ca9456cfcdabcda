internal import Logging
internal import OCMEventLoop
internal import OCMIPC
internal import OCMTLS

/// The logins of all services: one store for each file, whatever the paths that it is named by.
@EventLoop final class CredentialStores {
    private var stores: [String: CredentialStore] = [:]
    private var storeOfService: [String: CredentialStore] = [:]

    /// What all stores have in common.
    struct Surroundings: Sendable {
        /// Absolute path of ocm-supervisor.
        var program: String
        /// The whole URL of the token endpoint.
        var endpoint: BaseURL
        var trust: [TrustSource]
    }

    /// Workers of an earlier supervisor know its generations: later ones have to be higher, so they begin at the time in
    /// nanoseconds.
    private let firstGeneration: UInt64

    init(_ services: [ServiceConfiguration], _ surroundings: Surroundings, logger: Logger) {
        firstGeneration = UInt64(clamping: Timestamp.now.nanoseconds)
        for service in services {
            let target = CredentialFile(path: service.credentialPath).target
            let store = stores[target] ?? makeStore(service.credentialPath, surroundings, logger)
            stores[target] = store
            storeOfService[service.tag] = store
        }
    }

    private func makeStore(_ path: String, _ surroundings: Surroundings, _ logger: Logger) -> CredentialStore {
        let settings = CredentialStore.Settings(
            path: path, program: surroundings.program, endpoint: surroundings.endpoint, trust: surroundings.trust,
            generation: firstGeneration)
        var logger = logger
        logger[metadataKey: "credential"] = .string(path)
        return CredentialStore(settings, logger: logger)
    }

    /// One for each file.
    var all: [CredentialStore] { stores.sorted { $0.key < $1.key }.map(\.value) }

    /// Reads the files, then calls `publish` with each service's tag and state, now and whenever it changes.
    func start(_ publish: @escaping @EventLoop (String, OCMIPC.CredentialState) -> Void) {
        for store in stores.values { store.start() }
        for (service, store) in storeOfService {
            store.subscribe { publication in
                switch publication {
                case .credential(let credential): publish(service, credential.message)
                case .unavailable(let unavailable): publish(service, unavailable.message)
                }
            }
        }
    }

    /// A worker says that the API has answered 401 to the service's credential of that generation.
    func rejected(service: String, generation: UInt64) {
        storeOfService[service]?.rejected(generation: generation)
    }

    /// A worker says what the API has said of the limits of the service's login.
    func saw(_ limits: SeenLimits, service: String) {
        storeOfService[service]?.limits.take(limits, at: .now)
    }

    /// What `status` shows.
    func status(of service: String) -> CredentialStatus? {
        guard let store = storeOfService[service] else { return nil }
        var status = store.state.status
        status.limits = store.state.owner.flatMap { store.limits.current(of: $0) }
        return status
    }

    /// Brings refreshes that are under way to their end, for some seconds.
    func stop() async {
        for store in stores.values { await store.stop() }
    }
}
