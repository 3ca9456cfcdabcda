internal import OCMIPC

/// What a ledger's files say together: the saved counts, and what the journal has beyond them. Touches no file.
struct LedgerReplay {
    /// A file that is no usage file counts as absent.
    struct Saved {
        var digest = FileDigest.absent
        var unreadable: UnreadableUsage?

        /// Whether there is anything that a record of the journal could already be part of.
        var holdsCounts: Bool { digest != .absent && unreadable == nil }
    }

    private(set) var book = UsageBook()
    private(set) var marks: WorkerMarks
    private(set) var usages: Saved
    private(set) var daily: Saved
    private(set) var journal: JournalReading?
    /// The files that someone else has changed since the last save, where the journal had something to add to them.
    private(set) var changed: [LedgerFile] = []
    /// The files of which it can't be said what of the journal they hold; nothing that they may hold was added.
    private(set) var uncertain: [LedgerFile] = []

    /// Throws where a newer version wrote the journal.
    init(
        usages usageBytes: [UInt8]?, daily dailyBytes: [UInt8]?, journal journalBytes: [UInt8]?, prices: PriceBook,
        zone: LocalZone
    ) throws(JournalEntry.NewerVersion) {
        usages = Self.load(usageBytes, into: &book, UsageFile.read(usages:into:))
        daily = Self.load(dailyBytes, into: &book, UsageFile.read(daily:into:))
        guard let journalBytes else {
            marks = WorkerMarks()
            return
        }
        let reading = try JournalReading(journalBytes)
        journal = reading
        marks = reading.base?.marks ?? WorkerMarks()
        let weeks = start(of: usages, .usages, reading, \.usages)
        let days = start(of: daily, .daily, reading, \.daily)
        for (index, entry) in reading.entries.enumerated() {
            guard case .commit(let commit) = entry else { continue }
            var histories: UsageBook.Histories = []
            if index >= weeks { histories.insert(.weeks) }
            if index >= days { histories.insert(.days) }
            add(commit, to: histories, prices, zone)
        }
    }

    private mutating func add(
        _ commit: JournalCommit, to histories: UsageBook.Histories, _ prices: PriceBook, _ zone: LocalZone
    ) {
        for batch in commit.batches {
            let fresh = marks.advance(over: batch, at: commit.time)
            guard !histories.isEmpty, !fresh.isEmpty else { continue }
            for record in fresh { book.record(record, prices: prices, zone: zone, in: histories) }
        }
    }

    private static func load(
        _ bytes: [UInt8]?, into book: inout UsageBook,
        _ read: ([UInt8], inout UsageBook) throws(UnreadableUsage) -> Void
    ) -> Saved {
        guard let bytes else { return Saved() }
        var saved = Saved(digest: FileDigest(of: bytes))
        var loaded = book
        do throws(UnreadableUsage) {
            try read(bytes, &loaded)
            book = loaded
        } catch {
            saved.unreadable = error
        }
        return saved
    }

    /// The first entry of the journal that a file does not hold yet.
    ///
    /// A save announces the file's next state in the journal before the file takes it, so a file is in the state that the
    /// journal's base names, or in one that was announced, and holds what stands before that.
    private mutating func start(
        of saved: Saved, _ file: LedgerFile, _ journal: JournalReading, _ part: KeyPath<FileStates, FileDigest>
    ) -> Int {
        guard saved.holdsCounts else { return 0 }
        let announced = journal.entries.indices.compactMap { index -> (after: Int, state: FileDigest)? in
            guard case .saved(let files) = journal.entries[index] else { return nil }
            return (index + 1, files[keyPath: part])
        }
        if let match = announced.last(where: { $0.state == saved.digest }) { return match.after }
        if let base = journal.base {
            if saved.digest == base.files[keyPath: part] { return 0 }
            // Changed by hand or by another program, and no save of ours was under way: it holds nothing of the journal.
            if announced.isEmpty && journal.damage.isEmpty {
                if !journal.entries.isEmpty { changed.append(file) }
                return 0
            }
        }
        if journal.entries.isEmpty { return 0 }
        uncertain.append(file)
        let lastSave = journal.damage.isEmpty ? announced.last?.after : nil
        return lastSave ?? journal.entries.count
    }
}
