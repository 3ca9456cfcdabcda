internal import OCMTLS

/// What came of an exchange, and of the way of its tokens into the file.
extension LoginState {
    mutating func exchanged(_ outcome: Result<RefreshAnswer, RefreshFailure>, at now: Timestamp) -> [Action] {
        guard case .refreshing(let asked) = phase else { return [.releaseLock] }
        switch outcome {
        case .success(let answer):
            return answered(answer, asked: asked, at: now) + [.releaseLock] + publication(at: now)
        case .failure(let failure):
            guard isInForce(asked) else {
                if failure.isForGood { forbidToStandIn(asked) }
                return stopRefreshing(at: now)
            }
            return failed(failure, at: now) + [.releaseLock] + publication(at: now)
        }
    }

    /// False where the file has brought others since they were asked with: then a failure says nothing about those.
    private func isInForce(_ asked: Tokens) -> Bool {
        if case .tokens(let held) = holding { Tokens.match(held.refresh, asked.refresh) } else { false }
    }

    private mutating func answered(_ answer: RefreshAnswer, asked: Tokens, at now: Timestamp) -> [Action] {
        phase = .idle
        let renewed = asked.renewed(by: answer, at: now)
        var fresh = history(of: asked, at: now)
        fresh.advance(to: renewed, at: now)
        let warning: [Action] = answer.isWhole ? [] : [.report(.unusableRefreshToken)]
        // What could not be made use of stands in the copy.
        if !answer.isWhole, let refresh = asked.refresh { fresh.copies.remove(refresh.digest) }
        switch holding {
        case .nothing, .apiKey:
            // Logged out, or the file was moved aside: kept in case that the old tokens come back.
            keep(fresh, displacedBy: nil)
            return warning
        case .tokens(let held) where !held.matches(asked) && verdict(on: held, against: fresh) == .newer:
            keep(fresh, displacedBy: held)
            return warning
        case .tokens:
            break
        }
        obtained = fresh
        letNoneStandIn()
        learnClockSkew(from: renewed, at: now)
        _ = hold(renewed, at: now)
        // A server that issues tokens without any life left is not asked more than once a second.
        refreshDue = refreshDue.map { max($0, now + timing.shortestBackoff) }
        let save = Action.save(renewed, replacing: replacement(at: now))
        guard answer.access != nil else {
            return warning + [save] + failed(.failed(.exchange, "the answer holds no access token"), at: now)
        }
        return publication(at: now) + [.report(.refreshed(expiry: localExpiry(of: renewed)))] + warning + [save]
    }

    private mutating func failed(_ failure: RefreshFailure, at now: Timestamp) -> [Action] {
        if case .failed(.storage, let text) = failure { return holdBack(.noRoom(text), at: now) }
        if failure.isForGood {
            let until = failure.meansReused ? now + timing.patience : now
            phase = .settling(failure, until: until, recheck: now)
            return [.read]
        }
        failures += 1
        let own = backoff(after: failures, random: random())
        let asked = failure.retryAfter.map { min(max($0, timing.shortestBackoff), timing.longestBackoff) }
        let delay = max(own, asked ?? .zero)
        let isNews = lastFailure != failure
        lastFailure = failure
        phase = .backingOff(until: now + delay)
        return [.report(.refreshFailed(failure, retryIn: delay, isNews: isNews))]
    }

    /// After the file has been read again: still no other tokens.
    mutating func settle(_ failure: RefreshFailure, until: Timestamp, at now: Timestamp) -> [Action] {
        guard until <= now else { return [] }
        if let actions = standIn(after: failure, at: now) { return actions }
        phase = .dead(failure)
        return [.report(.signInAgain(failure))]
    }

    /// A token that has just been issued and looks expired tells that the local clock is ahead of the server's: by some
    /// hours, where a time zone was mistaken for another. Dates further off are not a clock's.
    private mutating func learnClockSkew(from tokens: Tokens, at now: Timestamp) {
        clockSkew = .zero
        guard let claims = tokens.claims, let expiry = claims.expiry, let issued = claims.issued else { return }
        guard issued < expiry, expiry <= now, now - issued <= timing.longestClockSkew else { return }
        clockSkew = now - issued
    }
}

/// The write-back.
extension LoginState {
    mutating func saved(_ outcome: SaveOutcome, at now: Timestamp) -> [Action] {
        switch outcome {
        case .saved(let file):
            let isNews = obtained?.problem != nil
            damage = nil
            lastGood = file
            obtained?.isSaved = true
            obtained?.attempts = 0
            obtained?.problem = nil
            let copies = obtained?.copies ?? []
            obtained?.copies = []
            return (isNews ? [.report(.saved)] : []) + [.discardRecoveryCopies(of: copies)]
        case .superseded(let file):
            return take(.file(file), at: now) + publication(at: now)
        case .missing:
            return take(.missing, at: now) + publication(at: now)
        case .busy:
            obtained?.retry = now + timing.shortestBackoff
            return []
        case .failed(let problem):
            if case .damaged = problem, damage == nil { damage = (now, isReported: false) }
            return noteFailedSave(problem, at: now)
        }
    }

    private mutating func noteFailedSave(_ problem: SaveProblem, at now: Timestamp) -> [Action] {
        guard var obtained else { return [] }
        let isNews = obtained.problem != problem
        obtained.problem = problem
        obtained.attempts += 1
        obtained.retry = now + backoff(after: obtained.attempts, random: random())
        self.obtained = obtained
        return isNews ? [.report(.saveFailed(problem))] : []
    }

    mutating func savingTimer(at now: Timestamp) -> [Action] {
        guard let obtained, isUnsaved, obtained.retry <= now else { return [] }
        let save = Action.save(obtained.tokens, replacing: replacement(at: now))
        switch phase {
        case .preparing, .refreshing: return [save]
        case .idle, .settling, .backingOff, .dead: return [save, .releaseLock]
        }
    }

    /// The process is about to end: what is in memory only is tried to be written once more, whenever the next attempt
    /// would be.
    mutating func ending(at now: Timestamp) -> [Action] {
        guard isUnsaved else { return [] }
        obtained?.retry = now
        return savingTimer(at: now)
    }

    /// There are tokens that the file has not got, though it is one that they belong into.
    var isUnsaved: Bool {
        guard case .tokens = holding, let obtained else { return false }
        return !obtained.isSaved
    }

    /// Half a file that nobody completes is replaced by the last good text, with the new tokens in it.
    func replacement(at now: Timestamp) -> AuthFile? {
        guard let damage, damage.since + timing.patience <= now else { return nil }
        return lastGood
    }
}
