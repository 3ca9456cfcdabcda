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
        let costed = CostedBook(counted, prices: prices)
        reportUnpriced(costed)
        let usages = UsageFile.usages(costed, updated: now, zone: zone)
        let daily = UsageFile.daily(costed, updated: now, zone: zone)
        let next = FileStates(usages: FileDigest(of: usages), daily: FileDigest(of: daily))
        try await write(usages, toNew: LedgerFile.usages.draft)
        try await write(daily, toNew: LedgerFile.daily.draft)
        // Twice, so that one bad byte does not make it a question what the files hold.
        try await append([.saved(next), .saved(next)])
        try storage.rename(LedgerFile.usages.draft, to: .usages)
        files.usages = next.usages
        try storage.rename(LedgerFile.daily.draft, to: .daily)
        files.daily = next.daily
        try await storage.synchronizeDirectory()
    }

    private func reportUnpriced(_ book: CostedBook) {
        for model in book.unpriced.subtracting(unpriced).sorted() {
            unpriced.insert(model)
            tell(.unpriced(model: model))
        }
    }
}
