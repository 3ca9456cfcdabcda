import Testing

@testable import ocm_supervisor

/// A credential's state machine with a file, a token endpoint and a clock around it, all of them values of the test.
struct CredentialSimulation {
    var now = Timestamp(seconds: 1_780_000_000)
    var state: LoginState
    var file: String?
    /// The life of the tokens that the endpoint issues.
    var life = Duration.seconds(3600)
    var hasExpiry = true
    /// Instead of tokens.
    var failure: RefreshFailure?
    var saveProblem: SaveProblem?
    var foreignOwner: UInt32?
    var recovered: [RecoveredAnswer] = []
    var hasUnreadCopies = false
    /// How long the lock and the exchange take.
    var latency = Duration.seconds(1)

    private(set) var reports: [CredentialReport] = []
    private(set) var credential: Credential?
    private(set) var unavailable: Unavailable?
    private(set) var publications = 0
    private(set) var asked: [String] = []
    private(set) var urgent: [Bool] = []
    private(set) var reused = 0
    private(set) var isLocked = false
    private(set) var discarded = 0
    private var serial = 0
    private var valid: String?
    private var due: [(time: Timestamp, event: Event)] = []

    private enum Event {
        case prepare
        case answer(Tokens)
    }

    init(timing: LoginTiming = .standard, random: @escaping () -> Double = { 0.5 }) {
        state = LoginState(timing: timing, random: random)
    }

    /// Puts a fresh login in the file, as a sign-in does, and gives the text.
    @discardableResult
    mutating func signIn(life: Duration? = nil, account: String = "account-1") -> String {
        let (access, refresh) = issue(life: life ?? self.life, account: account)
        let text = makeFile(access: access, refresh: refresh, account: account, lastRefresh: now)
        file = text
        return text
    }

    mutating func start() {
        read()
    }

    mutating func read() {
        run(state.fileRead(reading(file), at: now))
    }

    /// The process is about to end.
    mutating func end() {
        run(state.ending(at: now))
    }

    mutating func reject() {
        run(state.rejected(generation: state.generation, at: now))
    }

    mutating func reject(generation: UInt64) {
        run(state.rejected(generation: generation, at: now))
    }

    mutating func remainsFound() {
        run(state.remainsFound(at: now))
    }

    /// Lets time pass, every timer and outcome in its turn; `check` runs after each.
    mutating func pass(_ duration: Duration, check: (inout CredentialSimulation) -> Void = { _ in }) {
        let end = now + duration
        var steps = 0
        while let next = [due.map(\.time).min(), state.wakeUp].compactMap({ $0 }).min(), next <= end {
            steps += 1
            guard steps < 200_000 else {
                Issue.record("time stands still")
                return
            }
            now = max(now, next)
            if let index = due.firstIndex(where: { $0.time <= now }) {
                deliver(due.remove(at: index).event)
            } else {
                run(state.timerFired(at: now))
            }
            check(&self)
        }
        now = end
    }

    /// What another process does with the login: exchanges the refresh token and writes the file.
    mutating func refreshElsewhere() {
        let (access, refresh) = issue(life: life, account: "account-1")
        file = makeFile(access: access, refresh: refresh, lastRefresh: now)
    }

    mutating func issue(life: Duration, account: String) -> (access: String, refresh: String) {
        serial += 1
        let refresh = "refresh-\(serial)"
        valid = refresh
        return (
            makeToken(serial: serial, issued: now, expiry: hasExpiry ? now + life : nil, account: account), refresh
        )
    }

    private mutating func deliver(_ event: Event) {
        switch event {
        case .prepare:
            isLocked = true
            let prepared = PreparedRefresh(
                reading: reading(file), recovered: recovered, hasUnreadCopies: hasUnreadCopies,
                foreignOwner: foreignOwner)
            run(state.prepared(prepared, at: now))
        case .answer(let tokens):
            run(state.exchanged(answer(to: tokens), at: now))
        }
    }

    private mutating func answer(to tokens: Tokens) -> Result<RefreshAnswer, RefreshFailure> {
        let refresh = tokens.refresh?.text ?? ""
        asked.append(refresh)
        if let failure { return .failure(failure) }
        guard refresh == valid else {
            reused += 1
            return .failure(.refused(status: 401, code: "refresh_token_reused"))
        }
        let (access, next) = issue(life: life, account: "account-1")
        return .success(RefreshAnswer(access: Secret(access), refresh: Secret(next)))
    }

    private mutating func run(_ actions: [LoginState.Action]) {
        for action in actions {
            switch action {
            case .read: run(state.fileRead(reading(file), at: now))
            case .prepare: due.append((now + latency, .prepare))
            case .ask(let tokens, let isUrgent):
                urgent.append(isUrgent)
                due.append((now + latency, .answer(tokens)))
            case .save(let tokens, let replacing): run(state.saved(save(tokens, replacing), at: now))
            case .releaseLock: isLocked = false
            case .discardRecoveryCopies(let spent):
                discarded += spent.count
                recovered.removeAll { spent.contains($0.spent) }
            case .publish(let credential):
                publications += 1
                (self.credential, unavailable) = (credential, nil)
            case .withdraw(let reason):
                publications += 1
                (credential, unavailable) = (nil, reason)
            case .report(let report): reports.append(report)
            }
        }
    }

    private func saveTarget(_ replacing: AuthFile?) -> AuthFile? {
        if case .file(let file) = reading(file) { file } else { replacing }
    }

    private mutating func save(_ tokens: Tokens, _ replacing: AuthFile?) -> SaveOutcome {
        if let saveProblem { return .failed(saveProblem) }
        guard file != nil else { return .missing }
        guard let target = saveTarget(replacing) else { return .failed(.damaged("half")) }
        let text = target.text(with: tokens)
        file = text.text
        guard case .file(let written) = reading(file) else { return .failed(.damaged("written")) }
        return .saved(written)
    }
}
