internal import OCMTLS

extension LoginState {
    /// Tokens that this process got, by one refresh after the other, and what is known of their way into the file.
    struct Obtained {
        var tokens: Tokens
        /// Refresh tokens that are worthless because `tokens` came of them, or stand in for them.
        private(set) var spent: [SHA256Digest] = []
        /// What was asked with since the last write-back: copies of the answers may be all that is on disk of them.
        var copies: Set<SHA256Digest> = []
        var isSaved = false
        var attempts = 0
        var retry: Timestamp
        var problem: SaveProblem?
        /// They were displaced by tokens that may turn out to be dead.
        var standsIn = false

        /// Refreshed, by an answer of which there may be a copy.
        mutating func advance(to renewed: Tokens, at now: Timestamp) {
            if let refresh = tokens.refresh {
                copies.insert(refresh.digest)
                if !Tokens.match(refresh, renewed.refresh) { spend(refresh) }
            }
            tokens = renewed
            // What was in the way of the ones before is no news if it is in the way of these.
            if isSaved { (attempts, problem) = (0, nil) }
            (isSaved, retry) = (false, now)
        }

        mutating func spend(_ refresh: Secret) {
            // A thousand refreshes ago: whoever restores such a backup signs in again.
            if spent.count >= 1024 { spent.removeFirst() }
            spent.append(refresh.digest)
        }

        func hasSpent(_ refresh: Secret?) -> Bool {
            refresh.map { spent.contains($0.digest) } ?? false
        }

        func hasSpent(_ digest: SHA256Digest) -> Bool {
            spent.contains(digest)
        }

        /// Whether these are the tokens of a file, or came of them.
        func knows(_ file: Tokens) -> Bool {
            guard file.refresh != nil else { return file.matches(tokens) }
            return Tokens.match(file.refresh, tokens.refresh) || hasSpent(file.refresh)
        }
    }
}

/// What is not in the file any more, and how it may come back.
extension LoginState {
    /// As many logins are kept at most.
    private static let longestMemory = 8

    /// The file has brought others than the ones in force.
    mutating func displace(for newcomer: Tokens) {
        if let obtained {
            keep(obtained, displacedBy: newcomer)
        } else if case .tokens(let held) = holding {
            keep(Obtained(tokens: held, isSaved: true, retry: heldSince), displacedBy: newcomer)
        }
        obtained = nil
    }

    /// The owner has taken the login away. The file may have been moved aside only, so what was got is not forgotten;
    /// but another file does not get it.
    mutating func setAside() {
        if let obtained { keep(obtained, displacedBy: nil) }
        obtained = nil
        letNoneStandIn()
    }

    mutating func keep(_ leaving: Obtained, displacedBy newcomer: Tokens?) {
        var leaving = leaving
        guard leaving.tokens.refresh != nil, !Tokens.match(leaving.tokens.refresh, newcomer?.refresh) else { return }
        leaving.standsIn = newcomer.map { mayStandIn(leaving.tokens, for: $0) } ?? false
        guard leaving.standsIn || !leaving.isOfFile else { return }
        if kept.count >= Self.longestMemory { kept.removeFirst() }
        kept.append(leaving)
    }

    /// A login that was issued later than these can't come from a backup of them. Neither is one's place taken by
    /// another user's, nor by one that has been refused itself.
    private func mayStandIn(_ leaving: Tokens, for newcomer: Tokens) -> Bool {
        switch phase {
        case .settling, .dead: false
        case .idle, .preparing, .refreshing, .backingOff:
            leaving.isOfSameUser(as: newcomer) && newcomer.isNewer(than: leaving) != true
        }
    }

    mutating func letNoneStandIn() {
        for index in kept.indices { kept[index].standsIn = false }
        kept.removeAll { $0.isOfFile }
    }

    /// These have been refused.
    mutating func forbidToStandIn(_ refused: Tokens) {
        for index in kept.indices where Tokens.match(kept[index].tokens.refresh, refused.refresh) {
            kept[index].standsIn = false
        }
    }

    mutating func takeKept(where isWanted: (Obtained) -> Bool) -> Obtained? {
        guard let index = kept.lastIndex(where: isWanted) else { return nil }
        var found = kept.remove(at: index)
        found.standsIn = false
        return found
    }

    /// The tokens that are in force, or were when they were asked with, with what is known of them.
    mutating func history(of asked: Tokens, at now: Timestamp) -> Obtained {
        if let obtained, Tokens.match(obtained.tokens.refresh, asked.refresh) { return obtained }
        return takeKept { Tokens.match($0.tokens.refresh, asked.refresh) } ?? Obtained(tokens: asked, retry: now)
    }

    /// The token in the file is dead: what it has displaced, if that may stand in, takes its place.
    mutating func standIn(after failure: RefreshFailure, at now: Timestamp) -> [Action]? {
        guard failure.condemnsToken, case .tokens(let dead) = holding, let refresh = dead.refresh,
            var standIn = takeKept(where: \.standsIn)
        else { return nil }
        standIn.spend(refresh)
        (standIn.isSaved, standIn.retry) = (false, now)
        obtained = standIn
        clockSkew = .zero
        _ = hold(standIn.tokens, at: now)
        return [
            .report(.stoodIn(failure, expiry: localExpiry(of: standIn.tokens))),
            .save(standIn.tokens, replacing: replacement(at: now)), .releaseLock,
        ]
    }
}

extension LoginState.Obtained {
    /// Nothing has come of them, and the file had them as they are.
    fileprivate var isOfFile: Bool { spent.isEmpty && isSaved }
}
