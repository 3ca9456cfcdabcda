internal import Logging
internal import OCMEventLoop
internal import OCMHTTP
internal import OCMIPC
internal import OCMTLS

/// One configured service as its exchanges see it.
@EventLoop final class Service {
    let tag: String
    let users: UserTable
    let bounds: Bounds
    /// The fields that every request to the API gets.
    let overrides: [Field]
    /// Their names, and those of fields that are only left out.
    let replaced: [Field]
    let reporter: Reporter
    let limits: LimitsReporter
    let logger: Logger
    /// Bytes of requests that are kept for sending them again, over all services.
    let replayBudget: ByteBudget

    private let configuration: WorkerConfiguration.Service
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
    /// What was refused while another supervisor was there.
    private var refusedFields: [UInt8]?
    private var openRequests: [Int]
    private let reject: (UInt64) -> Void

    init(
        _ configuration: WorkerConfiguration.Service, bounds: Bounds, pools: UpstreamPools, reporter: Reporter,
        limits: LimitsReporter, replayBudget: ByteBudget, logger: Logger, reject: @escaping (UInt64) -> Void
    ) throws(HTTPError) {
        self.configuration = configuration
        self.bounds = bounds
        self.pools = pools
        self.reporter = reporter
        self.limits = limits
        self.replayBudget = replayBudget
        self.logger = logger
        self.reject = reject
        tag = configuration.tag
        users = UserTable(
            configuration.users.compactMap { user in
                SHA256Digest(bytes: user.digest.span).map { (user.name, $0) }
            })
        openRequests = Array(repeating: 0, count: configuration.users.count)
        var overrides: [Field] = []
        var replaced: [Field] = []
        for header in configuration.headers {
            replaced.append(try Field(name: header.name, value: ""))
            for value in header.values { overrides.append(try Field(name: header.name, value: value)) }
        }
        self.overrides = overrides
        self.replaced = replaced
    }

    /// Takes a new credential, or that there is none.
    func update(_ state: CredentialState) {
        switch state {
        case .available(let credential):
            isReaffirmed = credential.generation <= rejected
            let endpoint = credential.mode == .chatGPT ? configuration.chatGPT : configuration.openAI
            do throws(HTTPError) {
                let new = try Route(credential, to: endpoint, pool: pools.pool(to: endpoint), overrides: overrides)
                if refusedFields == new.fields {
                    rejected = new.generation
                    reject(rejected)
                }
                if let route, route.fields == new.fields { limits.tellAgain(of: new.generation) }
                refusedFields = nil
                route = new
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

    /// Counts a request of a user in, unless there are too many.
    func begin(user: Int?) -> Bool {
        guard let user else { return true }
        guard openRequests[user] < bounds.requestsPerUser else { return false }
        openRequests[user] += 1
        return true
    }

    func end(user: Int?) {
        if let user { openRequests[user] -= 1 }
    }
}

/// A count of bytes that several share.
@EventLoop final class ByteBudget {
    private var left: Int

    init(_ limit: Int) {
        left = limit
    }

    func take(_ count: Int) -> Bool {
        guard count <= left else { return false }
        left -= count
        return true
    }

    func giveBack(_ count: Int) {
        left += count
    }
}
