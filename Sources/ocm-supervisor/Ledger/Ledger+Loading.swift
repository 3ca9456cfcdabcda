extension Ledger {
    /// Reads what is on disk. What can't be read is set aside and reported; nothing is overwritten unread.
    func load(_ now: WallTime) async throws(LedgerError) {
        try storage.lock()
        let journal = try storage.read(.journal)
        for file in [LedgerFile.usages, .daily] { lastSeen[file] = storage.state(of: file) }
        let replay = try replay(journal)
        let stamp = Self.stamp(now)
        if let journal { try await keepCopy(of: journal, replay, stamp) }
        try setAside(.usages, replay.usages.unreadable, stamp)
        try setAside(.daily, replay.daily.unreadable, stamp)

        counted = replay.book
        marks = replay.marks
        files = FileStates(
            usages: replay.usages.holdsCounts ? replay.usages.digest : .absent,
            daily: replay.daily.holdsCounts ? replay.daily.digest : .absent)
        // A journal with damage in it is replaced at once, or it would be found again; so is one that announced what the
        // files hold already, since it is not known whether their names are on disk.
        hasChanges = replay.journal?.entries.isEmpty == false || replay.journal?.damage.isEmpty == false
        // Nor is one continued that names other states of the files, unless it still has to carry what they lack.
        let base = replay.journal?.base
        journalEnd = base != nil && (hasChanges || base?.files == files) ? replay.journal?.end : nil
        journalDamage = replay.journal?.damage ?? []
        journalIsRagged = journalEnd.map { $0 != journal?.count } ?? false
        // It was perhaps never brought to disk: the one who wrote it was killed before, or failed.
        journalIsDoubtful = journalEnd != nil
        isLoaded = true
        if let torn = replay.journal?.tornTail, torn > 0 {
            tell(.tornTail(path: storage.path(of: .journal), bytes: torn))
        }
    }

    private func replay(_ journal: [UInt8]?) throws(LedgerError) -> LedgerReplay {
        let usages = try storage.read(.usages)
        let daily = try storage.read(.daily)
        do throws(JournalEntry.NewerVersion) {
            return try LedgerReplay(usages: usages, daily: daily, journal: journal, prices: prices, zone: zone)
        } catch {
            throw .newerJournal(path: storage.path(of: .journal), version: error.version)
        }
    }

    /// Keeps a journal that does not say everything for sure, for people.
    private func keepCopy(of journal: [UInt8], _ replay: LedgerReplay, _ stamp: String) async throws(LedgerError) {
        let damaged = replay.journal?.damage.reduce(0) { $0 + $1.count } ?? 0
        guard damaged > 0 || !replay.uncertain.isEmpty || !replay.changed.isEmpty else { return }
        let aside = unused(LedgerFile.journal.aside, stamp)
        try await write(journal, toNew: aside)
        let (path, copy) = (storage.path(of: .journal), storage.path(of: aside))
        if damaged > 0 { tell(.damaged(path: path, as: copy, bytes: damaged)) }
        for file in replay.changed { tell(.changed(path: storage.path(of: file), journal: copy)) }
        for file in replay.uncertain { tell(.uncertain(path: storage.path(of: file), journal: copy)) }
    }

    private func setAside(_ file: LedgerFile, _ problem: UnreadableUsage?, _ stamp: String) throws(LedgerError) {
        guard let problem else { return }
        let aside = unused(file.aside, stamp)
        try storage.rename(file, to: aside)
        tell(.setAside(path: storage.path(of: file), as: storage.path(of: aside), reason: problem.reason))
    }

    /// A name that nothing bears yet.
    func unused(_ name: (String) -> LedgerFile, _ stamp: String) -> LedgerFile {
        var aside = name(stamp)
        var number = 1
        while storage.exists(aside) {
            number += 1
            aside = name("\(stamp)-\(number)")
        }
        return aside
    }

    /// `20260309T013000Z`
    static func stamp(_ now: WallTime) -> String {
        let time = LocalZone.fixed(0).civil(now.seconds)
        return "\(time.date)T\(time.time)Z".filter { $0 != "-" && $0 != ":" }
    }
}
