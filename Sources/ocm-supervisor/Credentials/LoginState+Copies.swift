internal import OCMTLS

/// What an earlier process, or one that was killed, got but did not write down.
extension LoginState {
    /// A copy is of use where it says what came of the token that is held, and nowhere else: another login of the same
    /// account is another login. One copy may continue another.
    mutating func takeUp(_ answers: [RecoveredAnswer], at now: Timestamp) -> [Action] {
        var rest = answers.filter { $0.answer != nil }.sorted { $0.time < $1.time }
        var isTaken = false
        while case .tokens(let held) = holding, let refresh = held.refresh,
            let index = rest.firstIndex(where: { $0.spent == refresh.digest })
        {
            let recovered = rest.remove(at: index)
            guard let answer = recovered.answer else { continue }
            let candidate = held.renewed(by: answer, at: recovered.time)
            let isRotated = !Tokens.match(candidate.refresh, held.refresh)
            guard isRotated || candidate.isNewer(than: held) == true else { continue }
            var fresh = history(of: held, at: now)
            fresh.advance(to: candidate, at: now)
            obtained = fresh
            isTaken = hold(candidate, at: now) || isTaken
        }
        guard isTaken, let obtained else { return [] }
        return publication(at: now) + [
            .report(.recovered(expiry: localExpiry(of: obtained.tokens))),
            .save(obtained.tokens, replacing: replacement(at: now)),
        ]
    }

    /// With a file in order: away with the copies that it has overtaken, and with those that have been of no use for a
    /// month. The others may be the only place of a login that comes back; that they stay is said once.
    mutating func sortOut(_ answers: [RecoveredAnswer], at now: Timestamp) -> [Action] {
        var overtaken: Set<SHA256Digest> = []
        var isNews = false
        for recovered in answers {
            let isAwaited = isAwaited(recovered.spent)
            if isOvertaken(recovered) || (!isAwaited && recovered.time + timing.longestLeftover <= now) {
                overtaken.insert(recovered.spent)
            } else if !isAwaited, recovered.answer != nil, leftovers.insert(recovered.spent).inserted {
                isNews = true
            }
        }
        return [.discardRecoveryCopies(of: overtaken)] + (isNews ? [.report(.leftover)] : [])
    }

    private func isOvertaken(_ recovered: RecoveredAnswer) -> Bool {
        guard obtained?.isSaved ?? true, case .tokens(let held) = holding else { return false }
        if let obtained, obtained.hasSpent(recovered.spent) { return true }
        // What is not understood is of use to nobody but the owner of the login that it may have cost.
        guard let answer = recovered.answer else { return recovered.spent != held.refresh?.digest }
        if recovered.spent == held.refresh?.digest { return answer.refresh == nil }
        return answer.refresh != nil
            && (Tokens.match(answer.refresh, held.refresh) || obtained?.hasSpent(answer.refresh) == true)
    }

    /// Its answer is known, and will be written when the file is one that it belongs into.
    private func isAwaited(_ spent: SHA256Digest) -> Bool {
        (kept + [obtained].compactMap(\.self)).contains { $0.copies.contains(spent) || $0.hasSpent(spent) }
    }
}
