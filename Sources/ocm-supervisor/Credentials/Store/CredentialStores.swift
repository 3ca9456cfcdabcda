internal import Logging
internal import OCMEventLoop
internal import OCMIPC
internal import OCMTLS

/// The logins of all services: one store for each file, whatever the paths that it is named by.
@EventLoop final class CredentialStores {
    private var stores: [String: CredentialStore] = [:]
    private var storeOfService: [String: CredentialStore] = [:]
    /// Nobody's any more; what is in memory alone is still to be written.
    private var leaving: [CredentialStore] = []
    private var surroundings: Surroundings
    private let logger: Logger
    private var isStopping = false
    private var publish: (@EventLoop (String, OCMIPC.CredentialState) -> Void)?

    /// What all stores have in common.
    struct Surroundings: Equatable, Sendable {
        /// Absolute path of ocm-supervisor.
        var program: String
        /// The whole URL of the token endpoint.
        var endpoint: BaseURL
        var trust: [TrustSource]
    }

    init(_ services: [ServiceConfiguration], _ surroundings: Surroundings, logger: Logger) {
        self.surroundings = surroundings
        self.logger = logger
        for service in services { assign(service) }
    }

    /// Gives a service its store. Returns whether it has had another, or none.
    @discardableResult
    private func assign(_ service: ServiceConfiguration) -> Bool {
        let target = CredentialFile(path: service.credentialPath).target
        let store = stores[target] ?? makeStore(service.credentialPath)
        stores[target] = store
        defer { storeOfService[service.tag] = store }
        return storeOfService[service.tag] !== store
    }

    /// Workers know generations of an earlier supervisor, or of another store: later ones have to be higher, so they begin
    /// at the time in nanoseconds.
    private func makeStore(_ path: String) -> CredentialStore {
        let settings = CredentialStore.Settings(
            path: path, program: surroundings.program, endpoint: surroundings.endpoint, trust: surroundings.trust,
            generation: UInt64(clamping: Timestamp.now.nanoseconds))
        var logger = logger
        logger[metadataKey: "credential"] = .string(path)
        return CredentialStore(settings, logger: logger)
    }

    /// One for each file, those included that are about to go.
    var all: [CredentialStore] { stores.sorted { $0.key < $1.key }.map(\.value) + leaving }

    /// Reads the files, then calls `publish` with each service's tag and state, now and whenever it changes.
    func start(_ publish: @escaping @EventLoop (String, OCMIPC.CredentialState) -> Void) {
        self.publish = publish
        for store in stores.values { start(store) }
    }

    private func start(_ store: CredentialStore) {
        store.start()
        store.subscribe { [weak self, weak store] _ in
            guard let self, let store else { return }
            for (service, own) in storeOfService where own === store { tell(service, of: store) }
        }
    }

    private func tell(_ service: String, of store: CredentialStore) {
        switch store.publication {
        case .credential(let credential): publish?(service, credential.message)
        case .unavailable(let unavailable): publish?(service, unavailable.message)
        }
    }

    /// Serves other services, or the same ones with other files, from now on. Those that are no more keep their login until
    /// ``forget(servicesBesides:)``.
    func serve(_ services: [ServiceConfiguration], _ surroundings: Surroundings) {
        self.surroundings = surroundings
        for store in stores.values { store.update(endpoint: surroundings.endpoint, trust: surroundings.trust) }
        let known = Set(stores.values.map { ObjectIdentifier($0) })
        let changed = services.filter { assign($0) }
        for store in stores.values where !known.contains(ObjectIdentifier(store)) { start(store) }
        for service in changed { if let store = storeOfService[service.tag] { tell(service.tag, of: store) } }
        dropUnused()
    }

    /// No worker needs the login of another service any more.
    func forget(servicesBesides tags: Set<String>) {
        storeOfService = storeOfService.filter { tags.contains($0.key) }
        dropUnused()
    }

    private func dropUnused() {
        let used = Set(storeOfService.values.map { ObjectIdentifier($0) })
        for (target, store) in stores where !used.contains(ObjectIdentifier(store)) {
            stores[target] = nil
            leaving.append(store)
            EventLoop.spawn { [self] in await leave(store) }
        }
    }

    /// A login that is in memory alone is not given up.
    private func leave(_ store: CredentialStore) async {
        while store.state.isUnsaved, !isStopping { try? await EventLoop.sleep(for: .seconds(1)) }
        guard !isStopping else { return }
        await store.stop()
        leaving.removeAll { $0 === store }
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
        isStopping = true
        for store in Array(stores.values) + leaving { await store.stop() }
    }
}
