internal import Logging
internal import OCMEventLoop
internal import OCMHTTP
internal import OCMIPC
internal import OCMTLS

/// One configured service as its exchanges see it.
@EventLoop final class Service {
    let tag: String
    private(set) var users: UserTable
    private(set) var bounds: Bounds
    private var headers: HeaderOverrides
    let reporter: Reporter
    let limits: LimitsReporter
    private(set) var logger: Logger
    /// Where each request has a line; nil where it has none.
    var access: AccessLog?
    /// The memory of all buffers, over all services.
    let buffers: BufferBudget

    private let configuration: WorkerConfiguration.Service
    /// What the route was made with.
    private var credential: CredentialState.Credential?
    private let pools: UpstreamPools
    /// Nil while there is no credential.
    private(set) var route: Route?
    private(set) var unavailable: (reason: CredentialState.Reason, retryAfter: UInt32) = (.absent, 5)
    private var waiting: [Wakeup] = []
    private var rejected: UInt64 = 0
    /// The refused credential has been sent once more: there is no other for now.
    private var isReaffirmed = false
    /// Between two questions after another credential than one that was reaffirmed: time may bring what is not there now.
    private static let askingInterval = Duration.seconds(1)
    private var mayAskAgain = Instant.now
    private var hasToldOfUnreadableUsage = false
    /// What was refused while another supervisor was there.
    private var refusedFields: [UInt8]?
    private let reject: (UInt64) -> Void
    private var nextComplaint = Instant.now

    init(
        _ configuration: WorkerConfiguration.Service, bounds: Bounds, pools: UpstreamPools, reporter: Reporter,
        limits: LimitsReporter, buffers: BufferBudget, logger: Logger, reject: @escaping (UInt64) -> Void
    ) throws(HTTPError) {
        self.configuration = configuration
        self.bounds = bounds
        self.pools = pools
        self.reporter = reporter
        self.limits = limits
        self.buffers = buffers
        self.logger = logger
        self.reject = reject
        tag = configuration.tag
        users = UserTable(configuration.identities)
        headers = try HeaderOverrides(configuration.headers)
    }

    /// Takes what of another configuration can change under way. Requests that are open go on as they began; those of
    /// users who are none any more are the caller's to cut.
    func update(_ changed: WorkerConfiguration.Service, bounds: Bounds, logger: Logger) throws(HTTPError) {
        let overrides = try HeaderOverrides(changed.headers)
        let hasOtherHeaders = overrides != headers
        headers = overrides
        users = users.replaced(by: changed.identities)
        self.bounds = bounds
        self.logger = logger
        if hasOtherHeaders, let credential { route = try route(with: credential) }
    }

    private func route(with credential: CredentialState.Credential) throws(HTTPError) -> Route {
        let endpoint = credential.mode == .chatGPT ? configuration.chatGPT : configuration.openAI
        return try Route(credential, to: endpoint, pool: pools.pool(to: endpoint), overrides: headers.set)
    }

    /// Names of the client's fields that do not go to the API.
    var replaced: [Field] { headers.replaced }

    /// Takes a new credential, or that there is none.
    func update(_ state: CredentialState) {
        credential = nil
        switch state {
        case .available(let credential):
            isReaffirmed = credential.generation <= rejected
            do throws(HTTPError) {
                let new = try route(with: credential)
                if refusedFields == new.fields {
                    rejected = new.generation
                    reject(rejected)
                }
                if let route, route.fields == new.fields { limits.tellAgain(of: new.generation) }
                refusedFields = nil
                route = new
                self.credential = credential
            } catch {
                route = nil
                logger.error("the credential can't be sent in a header field", metadata: ["service": "\(tag)"])
            }
        case .unavailable(let reason, let retryAfter):
            route = nil
            unavailable = (reason, retryAfter)
        }
        let waiters = waiting
        waiting = []
        for wakeup in waiters { wakeup.signal() }
    }

    /// Another supervisor has come, which knows of no rejection.
    func forgetRejections() {
        if let route, route.generation <= rejected { refusedFields = route.fields }
        rejected = 0
        isReaffirmed = false
    }

    /// The API has refused the credential: asks for another, once for all exchanges, and waits for it.
    ///
    /// - Returns: a route with a newer credential, nil when none will come, or none came by the deadline.
    func routeAfterRejection(of generation: UInt64, until deadline: Instant) async -> Route? {
        if rejected < generation || (isReaffirmed && mayAskAgain <= EventLoop.now) {
            rejected = max(rejected, generation)
            isReaffirmed = false
            mayAskAgain = EventLoop.now + Self.askingInterval
            reject(rejected)
        }
        while let route, !isReaffirmed {
            if route.generation > max(generation, rejected) { return route }
            let wakeup = Wakeup()
            waiting.append(wakeup)
            defer { wakeup.disarm() }
            do { try await wakeup.wait(until: deadline) } catch { return nil }
        }
        return nil
    }

    /// Time alone heals nothing: the owner has to act, or the supervisor has said that the credential which was refused is
    /// all that there is.
    var isBeyondHealing: Bool {
        route == nil ? unavailable.reason == .signInNeeded : isReaffirmed
    }

    /// Says in the log, once a minute, what there was too little of for a connection to the API.
    func noteExhaustion(_ error: SystemError) {
        guard nextComplaint <= EventLoop.now else { return }
        nextComplaint = EventLoop.now + .seconds(60)
        logger.error("the API can't be connected to", metadata: ["service": "\(tag)", "reason": "\(error)"])
    }

    /// The usage of an answer can't be read, so it is not counted: said once, since all that follow will be alike.
    func noteUnreadableUsage() {
        guard !hasToldOfUnreadableUsage else { return }
        hasToldOfUnreadableUsage = true
        logger.warning(
            "the API compresses its answers unasked: their usage is not counted", metadata: ["service": "\(tag)"])
    }

    /// Counts a request of a user in, or a WebSocket, unless there are too many.
    func begin(_ request: Request) -> Bool {
        guard let user = request.user else { return true }
        if request.upgrade != nil {
            guard user.openWebSockets < bounds.webSocketsPerUser else { return false }
            user.openWebSockets += 1
        } else {
            guard user.openRequests < bounds.requestsPerUser else { return false }
            user.openRequests += 1
        }
        return true
    }

    /// Counts it out; a WebSocket at its own end.
    func end(_ request: Request) {
        if request.upgrade == nil { request.user?.openRequests -= 1 } else { endWebSocket(of: request.user) }
    }

    func endWebSocket(of user: User?) {
        user?.openWebSockets -= 1
    }
}
