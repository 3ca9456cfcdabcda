import Logging
import OCMTLS
import Testing

@testable import ocm_supervisor

/// A credential's state machine in a world that does what worlds do, at random but the same with each seed: answers
/// take their time or get lost, the endpoint fails, the disk is full, another process refreshes and writes by
/// truncation, the owner moves files about, the process is killed.
///
/// What must hold is checked after every step, and recorded as an issue where it does not.
struct CredentialWorld {
    /// Whether anything happens that may leave clients without a credential for a while.
    let isRough: Bool
    private(set) var now = Timestamp(seconds: 1_780_000_000)
    private var generator: SeededNumbers
    private(set) var state: LoginState
    private var server = RotatingServer()
    private var due: [(time: Timestamp, event: Event)] = []

    // On disk.
    private(set) var file: String?
    private var copies: [Copy] = []

    // The process: a kill makes it another one.
    private var process = 0
    private var isLocked = false
    private var exchange: Exchange?
    private(set) var credential: Credential?
    private(set) var unavailable: Unavailable?

    // The others.
    /// What the other process has got and not written yet.
    private var others: String?
    /// The file that the owner has moved away and will put back.
    private var aside: String?
    /// What stood in the file at some time.
    private var history: [String] = []
    /// A text with a spent token that the owner has put over the live one.
    private var restored: String?
    private var outageEnds = Timestamp(nanoseconds: 0)
    private var fullUntil = Timestamp(nanoseconds: 0)

    /// Refresh tokens whose answers have reached a process or the disk, and those whose answers have reached this one.
    private var answered: Set<String> = []
    private var answeredHere: Set<String> = []
    private(set) var isLost = false
    private var isAtPeace = false

    private(set) var counts: [String: Int] = [:]
    private(set) var errors = 0

    private struct Copy {
        let spent: String
        let answer: (access: String, refresh: String)
        let time: Timestamp
    }

    private struct Exchange {
        let asked: Tokens
        let hasCopy: Bool
    }

    private enum Event {
        case prepare(process: Int)
        case ask
        case answer(ExchangeResult)
        case look
        case client(isRegular: Bool)
        case othersAsk(String)
        case othersWrite(String, isWhole: Bool)
        case putBack(String)
        case signIn
        case disturb
    }

    init(seed: UInt64, isRough: Bool) {
        self.isRough = isRough
        var numbers = SeededNumbers(seed)
        var jitter = SeededNumbers(numbers.next())
        generator = numbers
        state = LoginState { Double.random(in: 0..<1, using: &jitter) }
        signIn()
    }

    private mutating func chance(_ probability: Double) -> Bool {
        Double.random(in: 0..<1, using: &generator) < probability
    }

    private mutating func seconds(_ range: ClosedRange<Double>) -> Duration {
        .milliseconds(Int(Double.random(in: range, using: &generator) * 1000))
    }

    private mutating func count(_ name: String) {
        counts[name, default: 0] += 1
    }

    // Time.

    /// Lets so many disturbances happen, then half an hour of peace.
    mutating func live(disturbances: Int) {
        look()
        schedule(.client(isRegular: true), in: .milliseconds(500))
        for _ in 0..<disturbances {
            schedule(.disturb, in: seconds(1...1200))
            run { world in !world.due.contains { if case .disturb = $0.event { true } else { false } } }
        }
        isAtPeace = true
        outageEnds = now
        fullUntil = now
        let end = now + .seconds(600)
        run { $0.now >= end }
        let before = errors
        let peace = now + .seconds(1800)
        run { $0.now >= peace && $0.state.condition == .valid }
        #expect(errors == before, "errors in peace")
        guard !isLost else { return }
        #expect(credential?.mode == .chatGPT, "\(String(describing: unavailable))")
        #expect(file?.contains("\"\(server.live)\"") == true, "the file has not got the live token")
        #expect(state.condition == .valid)
        #expect(!copies.contains { $0.answer.refresh == server.live } && !isLocked)
    }

    private mutating func run(until isDone: (CredentialWorld) -> Bool) {
        var steps = 0
        while !isDone(self) {
            steps += 1
            guard steps < 100_000, let next = [due.map(\.time).min(), state.wakeUp].compactMap({ $0 }).min() else {
                Issue.record("time stands still")
                return
            }
            now = max(now, next)
            if let index = due.indices.filter({ due[$0].time <= now }).min(by: { due[$0].time < due[$1].time }) {
                handle(due.remove(at: index).event)
            } else {
                perform(state.timerFired(at: now))
            }
            check()
        }
    }

    private mutating func schedule(_ event: Event, in delay: Duration) {
        due.append((now + delay, event))
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .prepare(let asker): prepare(for: asker)
        case .ask: serve()
        case .answer(let result): deliver(result)
        case .look: look()
        case .client(let isRegular):
            client()
            if isRegular { schedule(.client(isRegular: true), in: seconds(0.2...60)) }
        case .othersAsk(let token): othersAsk(token)
        case .othersWrite(let text, let isWhole): othersWrite(text, isWhole)
        case .putBack(let text): putBack(text)
        case .signIn: signIn()
        case .disturb: disturb()
        }
    }

    // The process.

    private mutating func look() {
        perform(state.fileRead(reading(file), at: now))
        if !copies.isEmpty { perform(state.remainsFound(at: now)) }
    }

    private mutating func change(_ text: String?) {
        if let text, refreshToken(of: text) != nil { history.append(text) }
        file = text
        schedule(.look, in: .milliseconds(100))
    }

    private mutating func perform(_ actions: [LoginState.Action]) {
        for action in actions {
            switch action {
            case .read: look()
            case .prepare: schedule(.prepare(process: process), in: seconds(0...0.5))
            case .ask(let tokens, let isUrgent): ask(tokens, isUrgent: isUrgent)
            case .save(let tokens, let replacement): perform(state.saved(save(tokens, replacement), at: now))
            case .releaseLock: isLocked = false
            case .discardRecoveryCopies(let spent):
                if exchange == nil { copies.removeAll { spent.contains(Secret($0.spent).digest) } }
            case .publish(let credential): (self.credential, unavailable) = (credential, nil)
            case .withdraw(let reason):
                (credential, unavailable) = (nil, reason)
                count("withdrawn")
            case .report(let report):
                if report.level >= .error { errors += 1 }
                if case .stoodIn = report { count("stood in") }
            }
        }
    }

    private mutating func prepare(for asker: Int) {
        guard asker == process else { return }
        guard exchange == nil else { return schedule(.prepare(process: process), in: .milliseconds(250)) }
        isLocked = true
        let recovered = copies.map { copy in
            RecoveredAnswer(
                answer: RefreshAnswer(access: Secret(copy.answer.access), refresh: Secret(copy.answer.refresh)),
                spent: Secret(copy.spent).digest, time: copy.time)
        }
        perform(state.prepared(PreparedRefresh(reading: reading(file), recovered: recovered), at: now))
    }

    private mutating func ask(_ tokens: Tokens, isUrgent: Bool) {
        #expect(exchange == nil, "two exchanges at a time")
        let token = tokens.refresh?.text ?? ""
        let isRestored = restored.flatMap { refreshToken(of: $0) } == token
        // Of the logins that came and went the process knows the last eight.
        let isForgotten = isRestored && state.kept.count == 8
        #expect(isForgotten || !answeredHere.contains(token), "a spent token is asked with again")
        #expect(isRestored || !answered.contains(token), "a token is asked with that an earlier process has spent")
        let isFull = now < fullUntil
        exchange = Exchange(asked: tokens, hasCopy: !isFull)
        count("asked")
        if isFull, !isUrgent {
            schedule(.answer(.failure(.failed(.storage, "full"))), in: .milliseconds(20))
        } else {
            schedule(.ask, in: seconds(0...3))
        }
    }

    /// The question has reached the server.
    private mutating func serve() {
        guard let token = exchange?.asked.refresh?.text else { return }
        if now < outageEnds {
            let failure: RefreshFailure =
                chance(0.5) ? .answered(status: 503, retryAfter: nil) : .failed(.connect, "Connection refused")
            return schedule(.answer(.failure(failure)), in: .milliseconds(10))
        }
        guard let tokens = server.exchange(token, at: now) else {
            count("refused")
            let refusal = RefreshFailure.refused(status: 401, code: "refresh_token_reused")
            return schedule(.answer(.failure(refusal)), in: seconds(0...1))
        }
        if isRough, !isAtPeace, chance(0.02) {
            // The answer is lost on its way: the one case in which nobody has the token.
            isLost = true
            count("lost")
            schedule(.answer(.failure(.failed(.exchange, "Connection reset"))), in: .milliseconds(100))
            return schedule(.signIn, in: seconds(30...600))
        }
        count("refreshed")
        answered.insert(token)
        if exchange?.hasCopy == true { copies.append(Copy(spent: token, answer: tokens, time: now)) }
        let answer = RefreshAnswer(access: Secret(tokens.access), refresh: Secret(tokens.refresh))
        schedule(.answer(.success(answer)), in: seconds(0...1))
    }

    /// The child has come to its end; the process that started it may be another by now.
    private mutating func deliver(_ result: ExchangeResult) {
        let asked = exchange?.asked.refresh?.text
        exchange = nil
        guard case .refreshing = state.phase else { return }
        if case .success = result, let asked { answeredHere.insert(asked) }
        perform(state.exchanged(result, at: now))
    }

    private mutating func save(_ tokens: Tokens, _ replacement: AuthFile?) -> SaveOutcome {
        if exchange != nil, !isLocked { return .busy }
        if now < fullUntil { return .failed(.system(call: "write", text: "No space left on device")) }
        let base: AuthFile
        switch reading(file) {
        case .missing: return .missing
        case .unreadable(let text): return .failed(.damaged(text))
        case .damaged(let fault):
            guard let replacement else { return .failed(.damaged("\(fault)")) }
            base = replacement
        case .file(let current):
            switch state.standing(of: current) {
            case .same: return .saved(current)
            case .newer: return .superseded(current)
            case .older: base = current
            }
        }
        let old = file.flatMap { refreshToken(of: $0) }
        file = base.text(with: tokens).text
        if let file { history.append(file) }
        if let old, old != tokens.refresh?.text { #expect(!server.isLive(old), "a live token is overwritten") }
        guard case .file(let written) = reading(file) else { return .failed(.damaged("written")) }
        return .saved(written)
    }

    // The others.

    /// A request with what is published: the API says whether it is any good.
    private mutating func client() {
        if let credential, credential.mode == .chatGPT, !server.accepts(credential.token.text, at: now) {
            count("rejected")
            perform(state.rejected(generation: credential.generation, at: now))
        }
    }

    private mutating func othersAsk(_ token: String) {
        guard file != nil, aside == nil, let tokens = server.exchange(token, at: now) else { return }
        count("refreshed elsewhere")
        let text = makeFile(access: tokens.access, refresh: tokens.refresh, lastRefresh: now)
        others = text
        schedule(.othersWrite(text, isWhole: false), in: seconds(0...0.3))
    }

    private mutating func othersWrite(_ text: String, _ isWhole: Bool) {
        if isWhole {
            others = nil
            return change(text)
        }
        change(String(text.prefix(Int.random(in: 0..<text.utf8.count, using: &generator))))
        schedule(.othersWrite(text, isWhole: true), in: seconds(0...(isRough ? 2 : 0.3)))
    }

    private mutating func putBack(_ text: String) {
        aside = nil
        change(text)
    }

    private mutating func signIn() {
        let tokens = server.signIn(at: now)
        isLost = false
        restored = nil
        others = nil
        aside = nil
        due.removeAll { if case .putBack = $0.event { true } else { false } }
        due.removeAll { if case .othersWrite = $0.event { true } else { false } }
        change(makeFile(access: tokens.access, refresh: tokens.refresh, lastRefresh: now))
    }

    /// Where the live token is on disk, or a child is about to put it there, a kill is no loss.
    private var isOnDisk: Bool {
        isIn(isWhole ? file : nil) || isIn(aside) || copies.contains { $0.answer.refresh == server.live }
            || exchange?.asked.refresh?.text == server.live
    }

    private func isIn(_ text: String?) -> Bool {
        text?.contains("\"\(server.live)\"") == true
    }

    /// Only the other process leaves half a file, and completes it.
    private var isWhole: Bool { others == nil && file != nil }

    private func refreshToken(of text: String) -> String? {
        guard case .file(let file) = reading(text), case .chatGPT(let tokens) = file.login else { return nil }
        return tokens.refresh?.text
    }

    /// The login of another machine, from before this one's, is copied over the file.
    private mutating func copyFromElsewhere() {
        count("copied")
        let tokens = server.signIn(at: now - seconds(1...3000))
        change(makeFile(access: tokens.access, refresh: tokens.refresh, lastRefresh: now - .seconds(5000)))
    }

    /// Something that stood in the file before comes back: a login that is still good, or of which the process knows
    /// what came of it, which is then the one that is wanted; or a backup whose token is spent.
    private mutating func restore() {
        guard heldTokens?.refresh?.text == server.live, state.condition == .valid,
            let text = history.randomElement(using: &generator), let token = refreshToken(of: text)
        else { return }
        count("restored")
        let known = state.kept.last { $0.hasSpent(Secret(token)) }?.tokens.refresh?.text
        if let wanted = [token, known].compactMap(\.self).first(where: { server.isLive($0) }) {
            server.want(wanted)
        } else {
            restored = text
        }
        change(text)
        server.revokeAccess()
        schedule(.client(isRegular: false), in: seconds(0.2...2))
    }

    private mutating func disturb() {
        // One thing at a time happens to the file.
        let isFree = others == nil && aside == nil && !isLost && isWhole && isIn(file)
        switch Int.random(in: 0..<(isRough ? 12 : 4), using: &generator) {
        case 0, 1:
            // Both are to refresh at about the same time, or the other one alone.
            if chance(0.7) {
                server.revokeAccess()
                schedule(.client(isRegular: false), in: seconds(0...2))
            }
            guard isFree, case .file(let current) = reading(file), case .chatGPT(let tokens) = current.login,
                let token = tokens.refresh?.text
            else { return }
            schedule(.othersAsk(token), in: seconds(0...3))
        case 2: change(file)
        case 3:
            server.revokeAccess()
            schedule(.client(isRegular: false), in: seconds(0...2))
        case 4, 5: kill()
        case 6: outageEnds = now + seconds(1...900)
        case 7: fullUntil = now + seconds(1...300)
        case 8 where isFree:
            // Moved away, for good or with an API key in its place, and put back as it was.
            count("moved")
            aside = file
            if let text = file { schedule(.putBack(text), in: seconds(0.1...1200)) }
            change(chance(0.5) ? nil : "{\"OPENAI_API_KEY\":\"sk-1\"}")
        case 9 where isFree: signIn()
        case 10 where isFree: copyFromElsewhere()
        case 11 where isFree: restore()
        default: break
        }
    }

    private mutating func kill() {
        // What a restored backup has displaced is in memory only.
        guard isOnDisk, exchange?.hasCopy != false, file != restored || isIn(file) else { return }
        count("killed")
        process += 1
        answeredHere = []
        isLocked = false
        var jitter = SeededNumbers(generator.next())
        state = LoginState(generation: state.generation) { Double.random(in: 0..<1, using: &jitter) }
        (credential, unavailable) = (nil, nil)
        look()
    }

    // What must hold.

    private var heldTokens: Tokens? {
        if case .tokens(let tokens) = state.holding { tokens } else { nil }
    }

    private mutating func check() {
        if let credential {
            #expect(credential.token.matches(state.currentCredential?.token ?? Secret("")), "another is published")
            #expect(state.published == .credential(generation: credential.generation))
            #expect(credential.expiry.map { $0 > now } ?? true, "an expired token is published")
        } else if let unavailable {
            #expect(state.published == .unavailable(unavailable))
        }
        if !isRough { #expect(credential != nil, "withdrawn: \(String(describing: unavailable))") }
        let inMemory = [heldTokens, state.obtained?.tokens] + state.kept.map(\.tokens)
        let isInMemory = inMemory.contains { $0?.refresh?.text == server.live }
        let isComing = due.contains { event in
            if case .answer(.success(let answer)) = event.event { answer.refresh?.text == server.live } else { false }
        }
        #expect(isLost || isOnDisk || isInMemory || isIn(others) || isComing, "the live token is nowhere")
    }
}

/// Refresh tokens that work once, and access tokens that can be revoked. There may be several sessions.
struct RotatingServer {
    /// The refresh token of the session that is wanted.
    private(set) var live = ""
    private var sessions: Set<String> = []
    private var access: [String: Timestamp] = [:]
    private var serial = 0
    private let life = Duration.seconds(3600)

    /// Begins a session, from then on the one that is wanted.
    mutating func signIn(at now: Timestamp) -> (access: String, refresh: String) {
        let tokens = issue(at: now)
        live = tokens.refresh
        return tokens
    }

    private mutating func issue(at now: Timestamp) -> (access: String, refresh: String) {
        serial += 1
        let refresh = "refresh-\(serial)"
        sessions.insert(refresh)
        let token = makeToken(serial: serial, issued: now, expiry: now + life)
        access[token] = now + life
        return (token, refresh)
    }

    mutating func exchange(_ token: String, at now: Timestamp) -> (access: String, refresh: String)? {
        guard sessions.remove(token) != nil else { return nil }
        let tokens = issue(at: now)
        if token == live { live = tokens.refresh }
        return tokens
    }

    func isLive(_ token: String) -> Bool {
        sessions.contains(token)
    }

    mutating func want(_ token: String) {
        live = token
    }

    func accepts(_ token: String, at now: Timestamp) -> Bool {
        access[token].map { $0 > now } ?? false
    }

    mutating func revokeAccess() {
        access = [:]
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers for the same seed.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
