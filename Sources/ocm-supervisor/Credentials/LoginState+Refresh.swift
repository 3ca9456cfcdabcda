/// The refresh: when it begins, what is asked, what its outcome means.
extension LoginState {
    /// The API has answered 401 to the token of `generation`. There will be a publication: of a newer generation, of
    /// the same one where nothing can heal it, or that there is no credential.
    mutating func rejected(generation: UInt64, at now: Timestamp) -> [Action] {
        // An older generation has been replaced already, and its worker been told.
        guard published == .credential(generation: generation) else { return [] }
        let isFirst = !rejections.isSeen
        rejections.note(age: now - heldSince, timing: timing)
        guard case .tokens(let tokens) = holding, tokens.refresh != nil, allowsRefresh(at: now) else {
            let report: [Action] = isFirst ? [.report(.rejected(isHealed: false))] : []
            return report + (currentCredential.map { [.publish($0)] } ?? [])
        }
        isRejected = true
        var actions: [Action] = isFirst ? [.report(.rejected(isHealed: true))] : []
        if case .idle = phase { actions += prepare(at: now) }
        return actions + publication(at: now)
    }

    /// A token that is rejected as soon as it has come will not be healed by the next one: after a few in a row the
    /// refreshes are spaced, so that a client that provokes a 401 can't keep the token endpoint busy.
    private func allowsRefresh(at now: Timestamp) -> Bool {
        guard case .idle = phase, rejections.inRow > timing.promptRejections else { return true }
        return now - heldSince >= backoff(after: rejections.inRow - timing.promptRejections, random: 1)
    }

    /// Something lies beside the file that an earlier process has left: an exchange or a rewrite has not been brought
    /// to its end.
    mutating func remainsFound(at now: Timestamp) -> [Action] {
        guard case .idle = phase, case .tokens = holding, !isUnsaved else { return [] }
        return prepare(at: now)
    }

    mutating func refreshTimer(at now: Timestamp) -> [Action] {
        switch phase {
        case .idle:
            guard case .tokens = holding, let refreshDue, refreshDue <= now else { return [] }
            return prepare(at: now)
        case .preparing(let since, let recheck):
            guard let recheck, recheck <= now else { return [] }
            phase = .preparing(since: since, recheck: nil)
            return [.prepare]
        case .settling(let failure, let until, let recheck):
            guard min(recheck, until) <= now else { return [] }
            phase = .settling(failure, until: until, recheck: now + timing.recheck)
            return [.read]
        case .backingOff(let until):
            // The wall clock may have been set back.
            guard until <= now || until - now > timing.longestBackoff * 2 else { return [] }
            return prepare(at: now)
        case .refreshing, .dead:
            return []
        }
    }

    private mutating func prepare(at now: Timestamp) -> [Action] {
        phase = .preparing(since: now, recheck: nil)
        return [.prepare]
    }

    /// The lock is held and the file has been read again: what another process has refreshed meanwhile is taken, and
    /// nothing is asked.
    mutating func prepared(_ prepared: PreparedRefresh, at now: Timestamp) -> [Action] {
        guard case .preparing(let since, _) = phase else { return [.releaseLock] }
        var actions = take(prepared.reading, at: now)
        actions += takeUp(prepared.recovered, at: now)
        guard case .tokens(let tokens) = holding else { return actions + stopRefreshing(at: now) }
        if case .damaged = prepared.reading, let damage, now - damage.since < timing.patience {
            phase = .preparing(since: since, recheck: now + timing.recheck)
            return actions + publication(at: now)
        }
        if case .file = prepared.reading, !prepared.hasUnreadCopies { actions += sortOut(prepared.recovered, at: now) }
        let isNeeded = isRejected || (refreshDue.map { $0 <= now } ?? false)
        guard isNeeded, tokens.refresh != nil else { return actions + stopRefreshing(at: now) }
        if let owner = prepared.foreignOwner { return actions + holdBack(.foreign(owner: owner), at: now) }
        let isUrgent = isUrgent(tokens, at: now)
        if prepared.hasUnreadCopies, !isUrgent { return actions + holdBack(.unreadCopies, at: now) }
        phase = .refreshing(asked: tokens)
        return actions + [.ask(tokens, isUrgent: isUrgent)] + publication(at: now)
    }

    /// Whether the token is of no use any more, or will be before another attempt.
    private func isUrgent(_ tokens: Tokens, at now: Timestamp) -> Bool {
        isRejected || tokens.access == nil
            || (localExpiry(of: tokens).map { $0 - now <= timing.urgency } ?? false)
    }

    /// Puts the refresh off: asking now could cost the login.
    mutating func holdBack(_ obstacle: Obstacle, at now: Timestamp) -> [Action] {
        let isNews = self.obstacle != obstacle
        self.obstacle = obstacle
        refreshDue = now + timing.patience
        return (isNews ? [.report(.heldBack(obstacle))] : []) + stopRefreshing(at: now)
    }

    mutating func stopRefreshing(at now: Timestamp) -> [Action] {
        phase = .idle
        return [.releaseLock] + publication(at: now)
    }

    /// 1 s, doubled with each failure up to five minutes, the upper half of it at random.
    func backoff(after failures: Int, random: Double) -> Duration {
        let doubled = timing.shortestBackoff * (1 << min(max(failures - 1, 0), 16))
        return max(timing.shortestBackoff, min(doubled, timing.longestBackoff) * (0.5 + random / 2))
    }
}
