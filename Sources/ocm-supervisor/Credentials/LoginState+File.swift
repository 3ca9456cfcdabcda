/// What the file says, and which of the file's tokens and one's own are to be believed.
extension LoginState {
    mutating func fileRead(_ reading: FileReading, at now: Timestamp) -> [Action] {
        var actions = take(reading, at: now)
        if case .settling(let failure, let until, _) = phase {
            actions += settle(failure, until: until, at: now)
        }
        return actions + publication(at: now)
    }

    mutating func take(_ reading: FileReading, at now: Timestamp) -> [Action] {
        switch reading {
        case .file(let file):
            damage = nil
            lastGood = file
            return take(file.login, at: now)
        case .missing:
            damage = nil
            return logOut()
        case .damaged(let fault):
            return takeDamage(.damaged(fault.description), at: now)
        case .unreadable(let text):
            return takeDamage(.unreadable(text), at: now)
        }
    }

    private mutating func take(_ login: AuthFile.Login, at now: Timestamp) -> [Action] {
        switch login {
        case .none:
            return logOut()
        case .apiKey(let key):
            return takeKey(key, at: now)
        case .chatGPT(let tokens):
            return takeTokens(tokens, at: now)
        }
    }

    /// The owner has removed the file or what is in it.
    private mutating func logOut() -> [Action] {
        if isLoggedOut { return [] }
        setAside()
        holding = .nothing(.loggedOut)
        endRefreshing()
        return [.report(.loggedOut)]
    }

    /// The last good state stays in force: half a file is what a reader sees while the CLI writes.
    private mutating func takeDamage(_ reason: Unavailable.Reason, at now: Timestamp) -> [Action] {
        if case .nothing(let old) = holding {
            holding = .nothing(reason)
            return old == reason ? [] : [.report(.unusable(reason))]
        }
        let since = damage?.since ?? now
        let isLasting = since + timing.patience <= now
        let isNews = isLasting && damage?.isReported != true
        damage = (since, isReported: isLasting)
        return isNews ? [.report(.unusable(reason))] : []
    }

    private mutating func takeKey(_ key: Secret, at now: Timestamp) -> [Action] {
        if case .apiKey(let old) = holding, old.matches(key) { return [] }
        setAside()
        holding = .apiKey(key)
        endRefreshing()
        startGeneration(at: now)
        return [.report(.taken(.apiKey, expiry: nil))]
    }

    private mutating func takeTokens(_ tokens: Tokens, at now: Timestamp) -> [Action] {
        if obtained?.knows(tokens) != true {
            displace(for: tokens)
            // What was learned of another login's dates says nothing about these.
            clockSkew = .zero
            obtained = takeKept { $0.knows(tokens) }
            obtained?.retry = now
        }
        guard let obtained else { return hold(fromFile: tokens, at: now) }
        switch verdict(on: tokens, against: obtained) {
        case .same:
            self.obtained?.isSaved = true
            return hold(fromFile: tokens, at: now)
        case .older:
            // Where it had been saved before, somebody has put the old tokens back: they are spent.
            self.obtained?.isSaved = false
            if obtained.isSaved { self.obtained?.retry = now }
            return hold(fromFile: obtained.tokens, at: now)
        case .newer:
            // The same refresh token with a later access token.
            self.obtained?.tokens = tokens
            self.obtained?.isSaved = true
            clockSkew = .zero
            return hold(fromFile: tokens, at: now)
        }
    }

    private mutating func hold(fromFile tokens: Tokens, at now: Timestamp) -> [Action] {
        if isOfNewSignIn(tokens) { rejections.inRow = 0 }
        return hold(tokens, at: now) ? [.report(.taken(.chatGPT, expiry: localExpiry(of: tokens)))] : []
    }

    /// Not the next ones of the login that is held: how the API took those says nothing about these. Others of the same
    /// account may be another process's refresh, which is rejected as one's own would be.
    private func isOfNewSignIn(_ tokens: Tokens) -> Bool {
        guard case .tokens(let old) = holding else { return true }
        if case .dead = phase { return !Tokens.match(old.refresh, tokens.refresh) }
        return old.account != tokens.account
    }

    enum Verdict { case same, older, newer }

    /// How a file's tokens stand to those that this process got. Where the refresh token is the same nothing can be
    /// lost, and the later access token is the better one.
    func verdict(on file: Tokens, against obtained: Obtained) -> Verdict {
        if file.matches(obtained.tokens) { return .same }
        if obtained.hasSpent(file.refresh) { return .older }
        let isSameSession = file.refresh != nil && Tokens.match(file.refresh, obtained.tokens.refresh)
        return isSameSession && obtained.tokens.isNewer(than: file) == true ? .older : .newer
    }

    /// How a file stands to what this process got: `older` is to be overwritten, `newer` to be taken.
    func standing(of file: AuthFile) -> Verdict {
        guard let obtained, case .chatGPT(let tokens) = file.login else { return .newer }
        return verdict(on: tokens, against: obtained)
    }

    /// Makes `tokens` the ones in force, a new generation where workers would see a difference. Says whether they are
    /// others than before.
    mutating func hold(_ tokens: Tokens, at now: Timestamp) -> Bool {
        var isVisible = true
        if case .tokens(let old) = holding {
            isVisible = !Tokens.match(old.access, tokens.access) || old.account != tokens.account
            if !isVisible, Tokens.match(old.refresh, tokens.refresh) {
                holding = .tokens(tokens)
                return false
            }
        }
        holding = .tokens(tokens)
        endRefreshing()
        refreshDue = due(tokens, at: now)
        if isVisible { startGeneration(at: now) }
        return true
    }

    private mutating func startGeneration(at now: Timestamp) {
        generation += 1
        heldSince = now
        isRejected = false
        rejections.isSeen = false
    }

    /// A preparation or an exchange under way ends by its own event.
    private mutating func endRefreshing() {
        switch phase {
        case .settling, .backingOff, .dead: phase = .idle
        case .idle, .preparing, .refreshing: break
        }
        failures = 0
        lastFailure = nil
        obstacle = nil
    }

    /// When to refresh ahead of need: before the last third of the token's life, at most `margin` before its end.
    private func due(_ tokens: Tokens, at now: Timestamp) -> Timestamp? {
        guard tokens.refresh != nil else { return nil }
        guard tokens.access != nil else { return now }
        guard let expiry = localExpiry(of: tokens) else {
            return (tokens.lastRefresh ?? now) + timing.ageWithoutExpiry - .seconds(3600) * random()
        }
        let birth = tokens.claims?.issued.map { $0 + clockSkew } ?? tokens.lastRefresh ?? now
        let margin = min(timing.margin, max(.zero, (expiry - birth) / 3))
        return expiry - margin * (1 + timing.jitter * random())
    }
}
