internal import OCMEventLoop

extension Ledger {
    /// Saves what is counted and starts the journal afresh.
    ///
    /// The steps, with a crash after each: the drafts are on disk (the files and the journal are as before); the journal
    /// announces the files' next states (the same); the files take the drafts' place one after the other (each is known
    /// by its digest, and holds what the journal has before the announcement); a new journal takes the old one's place.
    func save(_ now: WallTime) async throws(LedgerError) {
        // What changes meanwhile is for the next save.
        hasChanges = false
        do throws(LedgerError) {
            try await replaceFiles(now)
        } catch {
            hasChanges = true
            throw error
        }
        try await beginJournal(now)
    }

    private func replaceFiles(_ now: WallTime) async throws(LedgerError) {
        let pace = Pace()
        let costed = await CostedBook(counted, prices: prices, pace)
        reportUnpriced(costed)
        let usages = await UsageFile.usages(costed, updated: now, zone: zone, pace)
        let daily = await UsageFile.daily(costed, updated: now, zone: zone, pace)
        let next = FileStates(
            usages: await FileDigest(of: usages, pace), daily: await FileDigest(of: daily, pace))
        try await write(usages, toNew: LedgerFile.usages.draft)
        try await write(daily, toNew: LedgerFile.daily.draft)
        for file in [LedgerFile.usages, .daily] { try await keepForeign(file, now) }
        // Twice, so that one bad byte does not make it a question what the files hold.
        try await append([.saved(next), .saved(next)])
        try storage.rename(LedgerFile.usages.draft, to: .usages)
        files.usages = next.usages
        lastSeen[.usages] = storage.state(of: .usages)
        try storage.rename(LedgerFile.daily.draft, to: .daily)
        files.daily = next.daily
        lastSeen[.daily] = storage.state(of: .daily)
        try await storage.synchronizeDirectory()
    }

    /// What someone else has written since stays, under another name, with a notice: it is not overwritten unread.
    private func keepForeign(_ file: LedgerFile, _ now: WallTime) async throws(LedgerError) {
        guard let state = storage.state(of: file), state != lastSeen[file], let bytes = try storage.read(file) else {
            return
        }
        if FileDigest(of: bytes) == (file == .usages ? files.usages : files.daily) { return }
        let aside = unused(file.foreign, Self.stamp(now))
        try await write(bytes, toNew: aside)
        lastSeen[file] = state
        tell(.foreign(path: storage.path(of: file), as: storage.path(of: aside)))
    }

    private func reportUnpriced(_ book: CostedBook) {
        for model in book.unpriced.subtracting(unpriced).sorted() {
            guard unpriced.count < Self.warningsAtMost else {
                if !hasSaidMoreUnpriced { tell(.moreUnpriced(after: Self.warningsAtMost)) }
                hasSaidMoreUnpriced = true
                break
            }
            unpriced.insert(model)
            tell(.unpriced(model: model))
        }
        guard counted.models.count >= UsageBook.modelsAtMost, !hasSaidTooManyModels else { return }
        hasSaidTooManyModels = true
        tell(.tooManyModels(path: storage.path(of: .usages), limit: UsageBook.modelsAtMost))
    }

    /// Model names come from outside: so many warnings, and no more.
    private static let warningsAtMost = 100
}
