/// What workers are told.
extension LoginState {
    /// What changes for the workers at `now`, if anything.
    mutating func publication(at now: Timestamp) -> [Action] {
        let wanted = wantedPublication(at: now)
        if wanted == published { return [] }
        published = wanted
        switch wanted {
        case .credential:
            return currentCredential.map { [.publish($0)] } ?? []
        case .unavailable(let unavailable):
            return [.withdraw(unavailable)]
        }
    }

    var currentCredential: Credential? {
        switch holding {
        case .nothing:
            return nil
        case .apiKey(let key):
            return Credential(generation: generation, mode: .apiKey, token: key, account: nil, expiry: nil)
        case .tokens(let tokens):
            guard let access = tokens.access else { return nil }
            return Credential(
                generation: generation, mode: .chatGPT, token: access, account: tokens.account,
                expiry: localExpiry(of: tokens))
        }
    }

    private func wantedPublication(at now: Timestamp) -> Publication {
        switch holding {
        case .nothing(let reason):
            return .unavailable(Unavailable(reason: reason, retryAfter: timing.retryWithoutLogin))
        case .apiKey:
            return .credential(generation: generation)
        case .tokens(let tokens):
            return isUsable(tokens, at: now)
                ? .credential(generation: generation) : .unavailable(unavailability(of: tokens, at: now))
        }
    }

    /// A rejected token is withdrawn only when its refresh has failed: until then requests wait for the outcome, and
    /// others may still get through with it.
    private func isUsable(_ tokens: Tokens, at now: Timestamp) -> Bool {
        if tokens.access == nil || hasExpired(tokens, at: now) { return false }
        guard isRejected else { return true }
        if case .dead = phase { return false }
        return failures == 0 && obstacle == nil
    }

    private func unavailability(of tokens: Tokens, at now: Timestamp) -> Unavailable {
        switch phase {
        case .dead(let failure):
            return Unavailable(reason: .signInAgain(failure), retryAfter: nil)
        case .backingOff(let until):
            return failing(retryIn: until - now)
        case .idle where tokens.refresh == nil:
            return Unavailable(reason: .expired, retryAfter: nil)
        case .idle, .preparing, .refreshing, .settling:
            if case .foreign(let owner) = obstacle {
                return Unavailable(reason: .foreignOwner(owner), retryAfter: nil)
            }
            return failures > 0 ? failing(retryIn: .zero) : Unavailable(reason: .refreshing, retryAfter: 1)
        }
    }

    private func failing(retryIn delay: Duration) -> Unavailable {
        let failure = lastFailure ?? .failed(.start, "unknown")
        // Rounded to a few steps: each other value would be another message to every worker.
        let seconds = [1, 5, 15, 60].first { delay <= .seconds($0) } ?? 300
        return Unavailable(reason: .failing(failure), retryAfter: seconds)
    }

    func hasExpired(_ tokens: Tokens, at now: Timestamp) -> Bool {
        localExpiry(of: tokens).map { $0 <= now } ?? false
    }

    /// When the token ends, by the local clock.
    func localExpiry(of tokens: Tokens) -> Timestamp? {
        tokens.expiry.map { $0 + clockSkew }
    }
}
