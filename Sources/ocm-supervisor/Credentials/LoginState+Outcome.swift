internal import OCMTLS

/// What came of an exchange, and of the way of its tokens into the file.
extension LoginState {
    mutating func exchanged(_ outcome: Result<RefreshAnswer, RefreshFailure>, at now: Timestamp) -> [Action] {
        guard case .refreshing(let asked) = phase else { return [.releaseLock] }
        switch outcome {
        case .success(let answer):
            return answered(answer, asked: asked, at: now) + [.releaseLock] + publication(at: now)
        case .failure(let failure):
            guard isInForce(asked) else { return stopRefreshing(at: now) }
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
        if let refresh = asked.refresh, !Tokens.match(refresh, renewed.refresh) { spend(refresh.digest) }
        learnClockSkew(from: renewed, at: now)
        var fresh = Obtained(tokens: renewed, retry: now)
        if let obtained, !obtained.isSaved {
            // What was in the way of the ones before is no news if it is in the way of these.
            (fresh.problem, fresh.attempts) = (obtained.problem, obtained.attempts)
        }
        switch holding {
        case .nothing, .apiKey:
            // Logged out, or the file was moved aside: kept in case that the old tokens come back.
            obtained = fresh
            return []
        case .tokens(let held) where !held.matches(asked) && verdict(on: held, against: fresh) == .newer:
            return [.discardRecoveryCopies]
        case .tokens:
            break
        }
        obtained = fresh
        _ = hold(renewed, at: now)
        // A server that issues tokens without any life left is not asked more than once a second.
        refreshDue = refreshDue.map { max($0, now + timing.shortestBackoff) }
        let save = Action.save(renewed, replacing: replacement(at: now))
        guard answer.access != nil else {
            return [save] + failed(.failed(.exchange, "the answer holds no access token"), at: now)
        }
        return publication(at: now) + [.report(.refreshed(expiry: localExpiry(of: renewed))), save]
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
        phase = .dead(failure)
        return [.report(.signInAgain(failure))]
    }

    /// What an earlier process, or one that was killed, got but did not write down. One copy may continue another.
    mutating func takeUp(_ answers: [RecoveredAnswer], at now: Timestamp) -> [Action] {
        var isTaken = false
        for recovered in answers.sorted(by: { $0.time < $1.time }) {
            guard case .tokens(let held) = holding, let refresh = held.refresh else { continue }
            let candidate = held.renewed(by: recovered.answer, at: recovered.time)
            let isSuccessor = refresh.digest == recovered.spent
            let isOfSameLogin = candidate.claims?.account != nil && candidate.claims?.account == held.account
            guard isSuccessor || (isOfSameLogin && candidate.isIssuedLater(than: held)) else { continue }
            spend(recovered.spent)
            obtained = Obtained(tokens: candidate, retry: now)
            isTaken = hold(candidate, at: now) || isTaken
        }
        guard isTaken, let obtained else { return [] }
        return publication(at: now) + [
            .report(.recovered(expiry: localExpiry(of: obtained.tokens))),
            .save(obtained.tokens, replacing: replacement(at: now)),
        ]
    }

    private mutating func spend(_ token: SHA256Digest) {
        // A thousand refreshes that never reached the file: older ones are told by their date.
        if spent.count >= 1024 { spent.removeFirst() }
        spent.append(token)
    }

    /// A token that has just been issued and looks expired tells that the local clock is ahead of the server's.
    private mutating func learnClockSkew(from tokens: Tokens, at now: Timestamp) {
        guard let claims = tokens.claims, let expiry = claims.expiry, let issued = claims.issued else { return }
        clockSkew = expiry <= now && issued < now ? now - issued : .zero
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
            return (isNews ? [.report(.saved)] : []) + [.discardRecoveryCopies]
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
    private func replacement(at now: Timestamp) -> AuthFile? {
        guard let damage, damage.since + timing.patience <= now else { return nil }
        return lastGood
    }
}
