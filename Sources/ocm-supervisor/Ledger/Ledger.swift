internal import OCMEventLoop
internal import OCMIPC

/// The usage of one file: keeps its journal, counts what the journal holds, and saves.
///
/// A record is counted once it is on disk. `add` takes what a worker reported into memory, `commit` writes what is
/// waiting to the journal in one go and says what may be acknowledged, `compact` turns file and journal into the next
/// file. Neither throws a record away: what can't be written stays in memory, and the next call tries again.
///
/// Whoever calls `open`, `commit`, `compact` or `close` waits for the disk, one at a time: see ``LedgerUpkeep``. The others
/// may be called meanwhile.
@EventLoop final class Ledger {
    /// What may wait in memory for the disk before workers have to keep their records, in bytes.
    static let standardLimit = 8 << 20

    /// What the ledger was at when the disk failed it.
    enum Activity: CaseIterable {
        case journal
        case save
    }

    let storage: any LedgerStorage
    let zone: LocalZone
    /// What may wait in memory for the disk, in bytes.
    let memoryLimit: Int
    private let report: (LedgerNotice) -> Void

    /// The prices in force; a change is for the whole file and shows at the next save.
    var prices: PriceBook {
        didSet { if prices != oldValue { hasChanges = true } }
    }

    // What is on disk.

    var isLoaded = false
    var counted = UsageBook()
    var marks = WorkerMarks()
    var files = FileStates(usages: .absent, daily: .absent)
    /// What the two files were like when they were read or written last.
    var lastSeen: [LedgerFile: FileState] = [:]
    /// Where the journal's next frame goes; nil while there is no journal that can be continued.
    var journalEnd: Int?
    /// What of the journal could not be read when it was loaded.
    var journalDamage: [Range<Int>] = []
    /// Whether something may stand behind the end that is no part of the journal: a write that failed half way.
    var journalIsRagged = false
    /// Whether it is uncertain that the journal is on disk as far as it goes, under its name: a synchronization is under
    /// way, has failed, or was an earlier process's.
    var journalIsDoubtful = false
    /// Whether what was loaded is on disk for sure.
    var isSettled = false
    /// Whether more is counted than is saved.
    var hasChanges = false
    /// Models whose want of a price was reported.
    var unpriced: Set<String> = []
    /// Whether it was said that there are more of them, and that there are too many models.
    var hasSaidMoreUnpriced = false
    var hasSaidTooManyModels = false

    // What waits for the disk.

    private(set) var pending: [UsageBatch] = []
    /// About what that takes in memory, in bytes.
    private(set) var pendingSize = 0
    /// The highest number taken in of each worker that has something pending.
    private var admitted: [WorkerIdentity: UInt64] = [:]
    /// Whether it was said that memory is full, since the last save.
    private var hasSaidFull = false
    private var troubles: [Activity: LedgerError] = [:]

    /// - Parameters:
    ///   - memoryLimit: bytes that may wait in memory for the disk.
    ///   - report: what the operator should know, in the order in which it is found.
    init(
        storage: any LedgerStorage, prices: PriceBook, zone: LocalZone = .system, memoryLimit: Int = standardLimit,
        report: @escaping (LedgerNotice) -> Void
    ) {
        self.storage = storage
        self.prices = prices
        self.zone = zone
        self.memoryLimit = memoryLimit
        self.report = report
    }

    /// A ledger for the usage file at a path.
    convenience init(path: String, prices: PriceBook, report: @escaping (LedgerNotice) -> Void) {
        self.init(storage: DirectoryStorage(path: path), prices: prices, report: report)
    }

    /// What keeps the ledger from its files, nil while all is well.
    var trouble: LedgerError? { troubles[.journal] ?? troubles[.save] }

    /// Whether a commit has anything to do.
    var hasPending: Bool { !pending.isEmpty }

    /// Whether anything waits for the disk that no other worker than these has reported.
    func hasPending(besides living: Set<WorkerIdentity>) -> Bool {
        pending.contains { !living.contains($0.worker) }
    }

    /// Whether the last commit failed.
    var isStalled: Bool { troubles[.journal] != nil }

    /// Whether there is room for a good deal of records.
    var hasRoom: Bool { pendingSize <= memoryLimit / 2 }

    /// Loads what is on disk, and saves what the journal was ahead of it. Throws where another supervisor keeps a ledger
    /// at this path; any other failure is reported, and each commit and compaction tries again.
    func open(now: WallTime = .now) async throws(LedgerError) {
        do throws(LedgerError) {
            try await makeReady(now)
        } catch .inUse(let path, let holder) {
            throw .inUse(path: path, holder: holder)
        } catch {
            fail(.journal, error)
        }
        await compact(now: now)
    }

    /// Takes in records of a worker, in the order of their numbers. The numbers may have gaps: what is another ledger's.
    /// After ``Admission/full``, nothing that follows may be handed in before what was refused.
    func add(worker: WorkerIdentity, _ records: [NumberedUsage]) -> Admission {
        let durable = isSettled ? marks[worker] : 0
        let batch = UsageBatch(worker: worker, records: records).after(max(durable, admitted[worker] ?? 0))
        guard !batch.records.isEmpty else { return .duplicate(durable: durable) }
        guard pending.isEmpty || pendingSize + batch.size <= memoryLimit else {
            if !hasSaidFull { tell(.full(bytes: pendingSize)) }
            hasSaidFull = true
            return .full
        }
        admitted[worker] = batch.sequence
        pending.append(batch)
        pendingSize += batch.size
        return .accepted
    }

    /// Brings what waits on disk, up to an eighth of what may, in one write and one fsync. What it returns may be
    /// acknowledged; empty while the disk can't be written.
    func commit(now: WallTime = .now) async -> [Acknowledgement] {
        guard hasPending else { return [] }
        let count: Int
        do throws(LedgerError) {
            try await makeReady(now)
            // What comes while the disk is at it is for the next commit.
            count = nextCommit
            try await append(unseen(pending.prefix(count)), at: now)
            succeed(.journal)
        } catch {
            fail(.journal, error)
            return []
        }
        let workers = Set(pending.prefix(count).map(\.worker))
        dropPending(count)
        return workers.map { Acknowledgement(worker: $0, sequence: marks[$0]) }
    }

    /// How many of the batches that wait one commit takes: after a long wait not all, for the process has other things to
    /// do than to write them.
    private var nextCommit: Int {
        var size = 0
        let rest = pending.firstIndex { batch in
            size += batch.size
            return size > memoryLimit / 8
        }
        return max(1, rest ?? pending.count)
    }

    private func dropPending(_ count: Int) {
        pendingSize -= pending.prefix(count).reduce(0) { $0 + $1.size }
        pending.removeFirst(count)
        admitted = [:]
        for batch in pending { admitted[batch.worker] = batch.sequence }
    }

    /// Saves the usage file and the history by day, and starts the journal afresh, if anything has changed.
    func compact(now: WallTime = .now) async {
        do throws(LedgerError) {
            try await makeReady(now)
            if hasChanges { try await save(now) }
            succeed(.save)
            if !hasPending { succeed(.journal) }
            hasSaidFull = false
        } catch {
            fail(.save, error)
        }
    }

    /// Commits, compacts, and lets go of the files; what it returns may be acknowledged.
    func close(now: WallTime = .now) async -> [Acknowledgement] {
        var acknowledgements: [Acknowledgement] = []
        repeat { acknowledgements += await commit(now: now) } while hasPending && !isStalled
        if isLoaded { await compact(now: now) }
        storage.close()
        isLoaded = false
        isSettled = false
        let responses = unseen(pending[...]).reduce(0) { $0 + $1.records.count }
        if responses > 0 { tell(.lost(responses: responses)) }
        return acknowledgements
    }

    /// What was counted, and what is about to be.
    var book: UsageBook {
        var book = counted
        for numbered in unseen(pending[...]).flatMap(\.records) {
            book.record(numbered.record, prices: prices, zone: zone)
        }
        return book
    }

    /// What of it was not found on disk, had that to be loaded after it came.
    private func unseen(_ batches: ArraySlice<UsageBatch>) -> [UsageBatch] {
        batches.map { $0.after(marks[$0.worker]) }.filter { !$0.records.isEmpty }
    }

    /// Forgets the numbers of a worker that has ended and whose channel was read to its end.
    func forget(_ worker: WorkerIdentity) {
        marks.forget(worker)
    }

    func tell(_ notice: LedgerNotice) {
        report(notice)
    }

    private func fail(_ activity: Activity, _ error: LedgerError) {
        let isNews = !troubles.values.contains(error)
        troubles[activity] = error
        if isNews { tell(.stalled(error)) }
    }

    private func succeed(_ activity: Activity) {
        guard troubles.removeValue(forKey: activity) != nil, troubles.isEmpty else { return }
        tell(.recovered)
    }
}

extension UsageBatch {
    /// About what it takes in memory and in the journal, in bytes.
    fileprivate var size: Int {
        records.lazy.map(\.record).reduce(28) { sum, record in
            sum + 80 + record.service.utf8.count + record.user.utf8.count + record.model.utf8.count
                + record.serviceTier.utf8.count
        }
    }
}
