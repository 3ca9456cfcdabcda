internal import OCMIPC

/// The usage of one file: keeps its journal, counts what the journal holds, and saves.
///
/// A record is counted once it is on disk. `add` takes what a worker reported into memory, `commit` writes what is
/// waiting to the journal in one go and says what may be acknowledged, `compact` turns file and journal into the next
/// file. All three are called from one thread and wait for the disk. None of them throws a record away: what can't be
/// written stays in memory, and the next call tries again.
final class Ledger {
    /// What waits in memory for the disk before workers are asked to keep their records.
    static let standardLimit = 8 << 20

    var prices: PriceBook

    init(
        path: String, prices: PriceBook, zone: LocalZone = .system, memoryLimit: Int = standardLimit,
        report: @escaping (LedgerNotice) -> Void
    ) {
        self.prices = prices
    }

    /// What keeps the ledger from its files, nil while all is well.
    var trouble: LedgerError? { nil }

    /// Whether a commit has anything to do.
    var hasPending: Bool { false }

    /// Loads what is on disk. Throws where another supervisor keeps a ledger at this path; any other failure is
    /// reported, and each commit and compaction tries again.
    func open(now: WallTime) throws(LedgerError) {}

    /// Takes in a message of a worker.
    func add(worker: WorkerIdentity, sequence: UInt64, records: [UsageRecord]) -> Admission { .accepted }

    /// Brings what waits on disk, in one write and one fsync. What it returns may be acknowledged.
    func commit() -> [Acknowledgement] { [] }

    /// Saves the usage file and the history by day, and starts the journal afresh, if anything has changed.
    func compact(now: WallTime) {}

    /// What was counted and what is about to be.
    var book: UsageBook { UsageBook() }

    /// Forgets the numbers of a worker that has ended and whose channel is empty.
    func forget(_ worker: WorkerIdentity) {}

    /// Commits, compacts, and lets go of the files.
    func close(now: WallTime) -> [Acknowledgement] { [] }
}
