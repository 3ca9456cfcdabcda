import LoopTestSupport
import OCMEventLoop
import OCMIPC

@testable import ocm_supervisor

/// Two workers that report, number and repeat as real ones do, and the sums that must come of it.
@EventLoop final class Reporters {
    private(set) var sent: [UsageBatch] = []
    private var acknowledged: [WorkerIdentity: UInt64] = [:]

    init() {}

    init(_ other: Reporters) {
        sent = other.sent
        acknowledged = other.acknowledged
    }

    /// A report that no other equals: its counts are like no other's.
    func report(worker: UInt128, records: Int = 1) -> UsageBatch {
        let identity = WorkerIdentity(value: worker)
        let number = UInt64(sent.count + 1)
        let last = sent.last { $0.worker == identity }?.sequence ?? 0
        let batch = UsageBatch(
            worker: identity,
            records: (0..<records).map { index in
                let record = usage(
                    user: index % 2 == 0 ? "alice" : "bob", input: number * 1000 + UInt64(index), output: number,
                    weekStart: Int64(number % 2) * 604_800, time: 1_773_000_000 + Int64(number % 3) * 86_400)
                return NumberedUsage(sequence: last + UInt64(index) + 1, record: record)
            })
        sent.append(batch)
        return batch
    }

    func acknowledge(_ acknowledgements: [Acknowledgement]) {
        for one in acknowledgements { acknowledged[one.worker] = max(acknowledged[one.worker] ?? 0, one.sequence) }
    }

    /// Hands a report over; what is known to be on disk is acknowledged again.
    func send(_ batch: UsageBatch, to ledger: Ledger) {
        if case .duplicate(let durable) = ledger.add(batch) {
            acknowledge([Acknowledgement(worker: batch.worker, sequence: durable)])
        }
    }

    /// What the workers still keep, in the order in which they send it again.
    var unacknowledged: [UsageBatch] {
        sent.filter { $0.sequence > acknowledged[$0.worker] ?? 0 }
    }

    /// What the supervisor said was on disk.
    var safe: [UsageBatch] {
        sent.filter { $0.sequence <= acknowledged[$0.worker] ?? 0 }
    }
}

func usage(
    user: String = "alice", model: String = "gpt-5.5", tier: String = "", input: UInt64 = 0, cached: UInt64 = 0,
    written: UInt64 = 0, output: UInt64 = 0, reasoning: UInt64 = 0, weekStart: Int64 = 0, time: Int64 = 1_773_000_000
) -> UsageRecord {
    UsageRecord(
        service: "codex", user: user, model: model, serviceTier: tier, inputTokens: input, cachedTokens: cached,
        cacheWriteTokens: written, outputTokens: output, reasoningTokens: reasoning, weekStart: weekStart, time: time)
}

/// What a book is after these reports, each counted once.
func book(of batches: some Sequence<UsageBatch>, prices: PriceBook = testPrices) -> UsageBook {
    var book = UsageBook()
    for numbered in batches.flatMap(\.records) { book.record(numbered.record, prices: prices, zone: .fixed(0)) }
    return book
}

/// One model, so that nothing has to be read for each of thousands of ledgers.
let testPrices = PriceBook(
    table: PriceTable(models: [
        "gpt-5.5": PriceTable.Model(
            standard: TierPrice(
                price: Price(input: TokenPrice(picoDollars: 5_000_000), output: TokenPrice(picoDollars: 30_000_000))))
    ]))

/// What the files on a disk say, as they would to the next start.
@EventLoop func stored(on disk: FakeDisk) throws -> UsageBook {
    try LedgerReplay(
        usages: disk.contents[.usages], daily: disk.contents[.daily], journal: disk.contents[.journal],
        prices: testPrices, zone: .fixed(0)
    ).book
}

extension Ledger {
    convenience init(disk: FakeDisk, memoryLimit: Int = Ledger.standardLimit, log: NoticeLog = NoticeLog()) {
        self.init(storage: disk, prices: testPrices, zone: .fixed(0), memoryLimit: memoryLimit) {
            log.notices.append($0)
        }
    }

    func add(_ batch: UsageBatch) -> Admission {
        add(worker: batch.worker, batch.records)
    }

    func add(worker: WorkerIdentity, sequence: UInt64, _ record: UsageRecord) -> Admission {
        add(worker: worker, [NumberedUsage(sequence: sequence, record: record)])
    }
}

// As one piece, for tests off the loop.
extension UsageFile {
    static func usages(_ book: UsageBook, prices: PriceBook, updated now: WallTime, zone: LocalZone) throws -> [UInt8] {
        try valueOnLoop {
            let pace = Pace()
            return await usages(await CostedBook(book, prices: prices, pace), updated: now, zone: zone, pace)
        }
    }

    static func daily(_ book: UsageBook, prices: PriceBook, updated now: WallTime, zone: LocalZone) throws -> [UInt8] {
        try valueOnLoop {
            let pace = Pace()
            return await daily(await CostedBook(book, prices: prices, pace), updated: now, zone: zone, pace)
        }
    }
}

extension UsageQuery {
    func answer(from counted: CountedUsage, now: WallTime, zone: LocalZone) throws -> UsageReport {
        try valueOnLoop { try await answer(from: counted, now: now, zone: zone, Pace()) }
    }
}

extension UsageReport {
    func json() throws -> [UInt8] { try valueOnLoop { await json(Pace()) } }
}

final class NoticeLog {
    var notices: [LedgerNotice] = []
}
