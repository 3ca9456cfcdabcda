import OCMIPC
import Testing

@testable import ocm_supervisor

/// A ledger's files, read by another process while the ledger goes on.
struct StoredUsageTests {
    /// A disk on which something happens between two reads.
    private final class MovingDisk: LedgerStorage {
        let disk: FakeDisk
        private var reads = 0
        let happen: (Int) -> Void

        init(_ disk: FakeDisk, happen: @escaping (Int) -> Void) {
            self.disk = disk
            self.happen = happen
        }

        func read(_ file: LedgerFile) throws(LedgerError) -> [UInt8]? {
            reads += 1
            happen(reads)
            return try disk.read(file)
        }

        func path(of file: LedgerFile) -> String { disk.path(of: file) }
        func lock() throws(LedgerError) { Issue.record("a reader takes no lock") }
        func exists(_ file: LedgerFile) -> Bool { disk.exists(file) }
        func create(_ file: LedgerFile) throws(LedgerError) { Issue.record("a reader writes nothing") }
        func write(_ bytes: [UInt8], to file: LedgerFile, at offset: Int) throws(LedgerError) {
            Issue.record("a reader writes nothing")
        }
        func truncate(_ file: LedgerFile, to length: Int) throws(LedgerError) {
            Issue.record("a reader writes nothing")
        }
        func synchronize(_ file: LedgerFile) throws(LedgerError) { Issue.record("a reader writes nothing") }
        func rename(_ file: LedgerFile, to other: LedgerFile) throws(LedgerError) {
            Issue.record("a reader writes nothing")
        }
        func remove(_ file: LedgerFile) { Issue.record("a reader writes nothing") }
        func synchronizeDirectory() throws(LedgerError) { Issue.record("a reader writes nothing") }
        func close() {}
    }

    @Test("whatever the ledger does between two reads, each record is there once", arguments: 1...8, [1, 2, 3])
    func moving(moment: Int, deeds: Int) throws {
        let disk = FakeDisk()
        let ledger = Ledger(disk: disk)
        try ledger.open(now: WallTime(seconds: 1_773_000_000))
        var reporters = Reporters()
        func count() {
            reporters.send(reporters.report(worker: 1, records: 2), to: ledger)
            reporters.acknowledge(ledger.commit(now: WallTime(seconds: 1_773_000_001)))
        }
        count()
        ledger.compact(now: WallTime(seconds: 1_773_000_002))
        count()
        let before = book(of: reporters.sent)
        let reader = MovingDisk(disk) { reads in
            guard (moment..<moment + deeds).contains(reads) else { return }
            count()
            if reads.isMultiple(of: 2) { ledger.compact(now: WallTime(seconds: 1_773_000_003 + Int64(reads))) }
        }
        let replay = try StoredUsage.replay(reader, testPrices, .fixed(0))
        let after = book(of: reporters.sent)
        let requests = { (book: UsageBook) in book.rows.values.reduce(0) { $0 + $1.total.requests } }
        #expect(requests(replay.book) >= requests(before) && requests(replay.book) <= requests(after))
        #expect(replay.uncertain.isEmpty && replay.journal?.damage.isEmpty != false)
        // Both histories tell of the same records, or of neighbouring moments.
        let days = replay.book.days.values.reduce(0) { $0 + $1.requests }
        #expect(days == requests(replay.book))
        #expect(try StoredUsage.replay(disk, testPrices, .fixed(0)).book == after)
    }
}
