internal import Logging
internal import OCMEventLoop
internal import OCMTLS

/// One credential file and the login in it: watched, refreshed, written back. Services that name the same file share
/// one store, and so its one refresh at a time.
///
/// What to do is decided by `LoginState`; this carries it out. All but the exchange itself, which a child does, is short
/// enough for the supervisor's one thread: a file of some kilobytes is read or written.
@EventLoop final class CredentialStore {
    struct Settings: Sendable {
        /// Absolute path of auth.json.
        var path: String
        /// Absolute path of ocm-supervisor, whose hidden command does the exchange.
        var program: String
        /// The whole URL of the token endpoint.
        var endpoint: BaseURL
        var trust: [TrustSource]
        /// The one before the first credential's.
        var generation: UInt64 = 0
        var timing = LoginTiming.standard
        var deadlines = OAuthCall.Deadlines()
    }

    enum Publication {
        case credential(Credential)
        case unavailable(Unavailable)
    }

    private(set) var settings: Settings
    let file: CredentialFile
    private let logger: Logger
    var state: LoginState
    private(set) var publication: Publication
    /// What the API says of the login's limits.
    var limits = LoginLimits()
    private var subscribers: [@EventLoop (Publication) -> Void] = []
    private var queue: [LoginState.Action] = []
    private var isPerforming = false
    private var tasks: [Task<Void, Never>] = []

    var lock: CredentialLock?
    /// What is being asked for, and whether it has to be.
    private(set) var asking: (tokens: Tokens, isUrgent: Bool)?
    /// The file that the last write-back replaced, for a while, and the number of that write-back.
    var replaced: CredentialFile.Opened?
    var replacements = 0
    /// Signalled when a refresh that was under way has come to its end.
    private let rest = Wakeup()
    private(set) var isStopping = false

    /// Signalled whenever the time of the next event may have changed.
    let clock = Wakeup()
    /// When the file is to be read because it has changed, and since when changes have been coming.
    var readDue: Instant?
    var firstChange: Instant?
    var lastSeen: CredentialFile.Signature?

    init(_ settings: Settings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        file = CredentialFile(path: settings.path)
        state = LoginState(timing: settings.timing, generation: settings.generation) { Double.random(in: 0..<1) }
        publication = .unavailable(Unavailable(reason: .notRead, retryAfter: settings.timing.retryWithoutLogin))
    }

    /// Reads the file, publishes what is in it, and keeps it up to date from then on.
    func start() {
        look()
        tasks = [
            EventLoop.spawn { await self.keepTime() },
            EventLoop.spawn { await self.watch { CredentialFile.directory(of: self.file.path) } },
            EventLoop.spawn { await self.watchTarget() },
        ]
    }

    /// Refreshes from now on are made there.
    func update(endpoint: BaseURL, trust: [TrustSource]) {
        settings.endpoint = endpoint
        settings.trust = trust
    }

    /// Calls `body` with what is published now and with everything that is published later. After a rejection that can
    /// be a credential of the same generation: then nothing could heal it.
    func subscribe(_ body: @escaping @EventLoop (Publication) -> Void) {
        subscribers.append(body)
        body(publication)
    }

    /// The API has answered 401 to the credential of `generation`.
    func rejected(generation: UInt64) {
        perform(state.rejected(generation: generation, at: .now))
    }

    /// Ends it. An exchange under way gets some seconds; if that is not enough it goes on by itself, and what comes of
    /// it is taken up at the next start. None begins any more.
    func stop() async {
        isStopping = true
        for task in tasks { task.cancel() }
        let deadline = EventLoop.now + .seconds(5)
        while asking != nil, EventLoop.now < deadline { try? await rest.wait(until: deadline) }
        perform(state.ending(at: .now))
        if state.isUnsaved {
            perform([.report(.unsavedAtEnd(isKept: (try? RecoveryCopy.paths(for: file.target))?.isEmpty == false))])
        }
        lock = nil
    }

    func look() {
        (readDue, firstChange) = (nil, nil)
        lastSeen = file.signature
        perform(state.fileRead(file.read(), at: .now))
        if hasRemains { perform(state.remainsFound(at: .now)) }
    }

    /// Carries actions out in their order; those that come of it, later.
    func perform(_ actions: [LoginState.Action]) {
        queue += actions
        guard !isPerforming else { return }
        isPerforming = true
        while !queue.isEmpty { carryOut(queue.removeFirst()) }
        isPerforming = false
        clock.signal()
    }

    private func carryOut(_ action: LoginState.Action) {
        switch action {
        case .read: look()
        case .prepare: if !isStopping { EventLoop.spawn { await self.prepare() } }
        case .ask(let tokens, let isUrgent):
            // The lock is gone, or about to be: the next supervisor may be asking with the same token.
            guard !isStopping else { break }
            asking = (tokens, isUrgent)
            EventLoop.spawn { await self.exchange() }
        case .save(let tokens, let replacement):
            perform(state.saved(save(tokens, replacing: replacement), at: .now))
        case .releaseLock: lock = nil
        case .discardRecoveryCopies(let spent): discardRemains(of: spent)
        case .publish(let credential): publish(.credential(credential))
        case .withdraw(let unavailable): publish(.unavailable(unavailable))
        case .report(let report): report.log(to: logger)
        }
    }

    private func publish(_ publication: Publication) {
        self.publication = publication
        if case .credential(let credential) = publication {
            limits.follow(state.owner, from: credential.generation)
        }
        for body in subscribers { body(publication) }
    }

    private func exchange() async {
        guard let (tokens, isUrgent) = asking else { return }
        let result = await exchange(tokens, isUrgent: isUrgent)
        asking = nil
        perform(state.exchanged(result, at: .now))
        rest.signal()
    }
}
