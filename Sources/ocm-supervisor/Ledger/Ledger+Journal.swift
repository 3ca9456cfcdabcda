extension Ledger {
    /// Loads the files if that has not been done, and sees to it that there is a journal to append to.
    func makeReady(_ now: WallTime) throws(LedgerError) {
        if !isLoaded { try load(now) }
        if journalNameIsLoose { try settleJournalName() }
        if let end = journalEnd {
            if journalIsRagged {
                try storage.truncate(.journal, to: end)
                journalIsRagged = false
            }
        } else if hasChanges {
            // What was read from a journal that can't be continued has to be in the files before it is replaced.
            try save(now)
        }
        if journalEnd == nil { try beginJournal(now) }
    }

    /// Appends a commit and waits until it is on disk; then it is counted.
    func append(_ batches: [UsageBatch], at now: WallTime) throws(LedgerError) {
        guard !batches.isEmpty else { return }
        let commit = JournalCommit(time: now.seconds, batches: batches)
        try append([.commit(commit)])
        for record in batches.flatMap({ marks.advance(over: $0, at: now.seconds) }) {
            counted.record(record, prices: prices, zone: zone)
        }
        hasChanges = true
    }

    /// Appends entries in one write. After a failure they are not part of the journal, and are cut off before the next.
    func append(_ entries: [JournalEntry]) throws(LedgerError) {
        guard let start = journalEnd else { return }
        var frames: [UInt8] = []
        for entry in entries { frames += JournalFrame.frame(entry.body, at: start + frames.count) }
        journalIsRagged = true
        try storage.write(frames, to: .journal, at: start)
        try storage.synchronize(.journal)
        journalIsRagged = false
        journalEnd = start + frames.count
    }

    /// Starts a journal that continues the files as they are now, in place of the one before.
    func beginJournal(_ now: WallTime) throws(LedgerError) {
        marks.dropSilent(at: now.seconds)
        let base = JournalEntry.base(JournalBase(files: files, marks: marks)).body
        var frames = JournalFrame.frame(base, at: 0)
        frames += JournalFrame.frame(base, at: frames.count)
        try write(frames, toDraftOf: .journal)
        try storage.rename(LedgerFile.journal.draft, to: .journal)
        journalEnd = frames.count
        journalIsRagged = false
        journalNameIsLoose = true
        try settleJournalName()
    }

    /// Until its name is on disk, nothing in the journal is: a power cut would bring back the one before.
    private func settleJournalName() throws(LedgerError) {
        try storage.synchronizeDirectory()
        journalNameIsLoose = false
    }

    /// Writes a file's next state beside it, on disk for sure; nothing is left of it where that fails.
    func write(_ bytes: [UInt8], toDraftOf file: LedgerFile) throws(LedgerError) {
        do throws(LedgerError) {
            try storage.create(file.draft)
            try storage.write(bytes, to: file.draft, at: 0)
            try storage.synchronize(file.draft)
        } catch {
            storage.remove(file.draft)
            throw error
        }
    }
}
