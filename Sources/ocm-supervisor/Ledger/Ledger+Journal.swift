internal import OCMEventLoop

extension Ledger {
    /// Loads the files if that has not been done, and sees to it that there is a journal to append to, which is on disk as
    /// far as it goes.
    func makeReady(_ now: WallTime) async throws(LedgerError) {
        if isLoaded { try storage.lock() } else { try await load(now) }
        if journalEnd != nil, !storage.isInPlace(.journal) { leaveJournal() }
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
            // The disk has lost some of it.
            continueWithoutJournal()
        }
    }

    /// Somebody has removed the journal, or put another in its place: a record in it would be on no disk.
    private func leaveJournal() {
        tell(.journalGone(path: storage.path(of: .journal)))
        continueWithoutJournal()
    }

    /// All of it is counted: the files take it, and another journal begins.
    private func continueWithoutJournal() {
        journalEnd = nil
        journalIsDoubtful = false
        journalIsRagged = false
        hasChanges = true
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

    /// Bytes that are copied to the system's memory at once.
    private static let piece = 1 << 20

    /// Writes a file anew, on disk for sure but for its name; nothing is left of it where that fails.
    func write(_ bytes: [UInt8], toNew file: LedgerFile) async throws(LedgerError) {
        do throws(LedgerError) {
            try storage.create(file)
            let pace = Pace()
            for start in stride(from: 0, to: bytes.count, by: Self.piece) {
                let piece = bytes[start..<min(start + Self.piece, bytes.count)]
                try storage.write(piece.count == bytes.count ? bytes : Array(piece), to: file, at: start)
                await pace.look()
            }
            try await storage.synchronize(file)
        } catch {
            storage.remove(file)
            throw error
        }
    }
}
