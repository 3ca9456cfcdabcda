extension Ledger {
    /// Loads the files if that has not been done, and sees to it that there is a journal to append to, which is on disk as
    /// far as it goes.
    func makeReady(_ now: WallTime) async throws(LedgerError) {
        if !isLoaded { try await load(now) }
        if journalIsDoubtful { try await renewJournal() }
        if let end = journalEnd {
            if journalIsRagged {
                try storage.truncate(.journal, to: end)
                journalIsRagged = false
            }
        } else if hasChanges {
            // What was read from a journal that can't be continued has to be in the files before it is replaced.
            try await save(now)
        }
        if journalEnd == nil { try await beginJournal(now) }
        isSettled = true
    }

    /// Appends a commit and waits until it is on disk; then it is counted.
    func append(_ batches: [UsageBatch], at now: WallTime) async throws(LedgerError) {
        guard !batches.isEmpty else { return }
        let commit = JournalCommit(time: now.seconds, batches: batches)
        try await append([.commit(commit)])
        for record in batches.flatMap({ marks.advance(over: $0, at: now.seconds) }) {
            counted.record(record, prices: prices, zone: zone)
        }
        hasChanges = true
    }

    /// Appends entries in one write. After a failure they are not part of the journal, and are cut off before the next.
    func append(_ entries: [JournalEntry]) async throws(LedgerError) {
        guard let start = journalEnd else { return }
        var frames: [UInt8] = []
        for entry in entries { frames += JournalFrame.frame(entry.body, at: start + frames.count) }
        journalIsRagged = true
        try storage.write(frames, to: .journal, at: start)
        journalIsDoubtful = true
        try await storage.synchronize(.journal)
        journalIsDoubtful = false
        journalIsRagged = false
        journalEnd = start + frames.count
    }

    /// Starts a journal that continues the files as they are now, in place of the one before.
    func beginJournal(_ now: WallTime) async throws(LedgerError) {
        marks.dropSilent(at: now.seconds)
        let base = JournalEntry.base(JournalBase(files: files, marks: marks)).body
        var frames = JournalFrame.frame(base, at: 0)
        frames += JournalFrame.frame(base, at: frames.count)
        try await replaceJournal(by: frames)
        journalDamage = []
    }

    /// Writes what the journal says once more, to a file of its own. A synchronization has failed, or was another's to do;
    /// what of the journal is on disk nobody knows then, and a second one would not tell.
    private func renewJournal() async throws(LedgerError) {
        guard let end = journalEnd else { return }
        if let journal = try storage.read(.journal)?.prefix(end), isAsKnown(Array(journal)) {
            try await replaceJournal(by: Array(journal))
        } else {
            // The disk has lost some of it, but it is all counted: the files take it.
            journalEnd = nil
            journalIsDoubtful = false
            hasChanges = true
        }
    }

    private func isAsKnown(_ journal: [UInt8]) -> Bool {
        guard let reading = try? JournalReading(journal) else { return false }
        return reading.end == journalEnd && reading.damage == journalDamage
    }

    private func replaceJournal(by frames: [UInt8]) async throws(LedgerError) {
        try await write(frames, toNew: LedgerFile.journal.draft)
        try storage.rename(LedgerFile.journal.draft, to: .journal)
        journalEnd = frames.count
        journalIsRagged = false
        // Until its name is on disk, nothing in it is: a power cut would bring back the one before.
        journalIsDoubtful = true
        try await storage.synchronizeDirectory()
        journalIsDoubtful = false
    }

    /// Writes a file anew, on disk for sure but for its name; nothing is left of it where that fails.
    func write(_ bytes: [UInt8], toNew file: LedgerFile) async throws(LedgerError) {
        do throws(LedgerError) {
            try storage.create(file)
            try storage.write(bytes, to: file, at: 0)
            try await storage.synchronize(file)
        } catch {
            storage.remove(file)
            throw error
        }
    }
}
