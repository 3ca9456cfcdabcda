import Glibc
import Testing

@testable import ocm_supervisor

/// The ledger through power cuts and failing disks, at every point of its work.
struct PowerCutTests {
    /// A working day: what is left of the day before, reports of two workers, commits of several at a time, saves in between, a clean end.
    private static func work(_ ledger: Ledger, _ reporters: inout Reporters, on disk: FakeDisk) {
        var time = WallTime(seconds: 1_773_000_000)
        try? ledger.open(now: time)
        for batch in reporters.unacknowledged { reporters.send(batch, to: ledger) }
        for round in 0..<4 {
            for worker in 1...2 where !disk.isDown {
                reporters.send(reporters.report(worker: UInt128(worker), records: 1 + round % 3), to: ledger)
            }
            time.seconds += 1
            reporters.acknowledge(ledger.commit(now: time))
            if round % 2 == 1 {
                time.seconds += 60
                ledger.compact(now: time)
            }
        }
        reporters.acknowledge(ledger.close(now: time))
    }

    /// The next start on a disk: the workers send again what was not acknowledged, and all goes well.
    private static func recover(_ contents: [LedgerFile: [UInt8]], _ reporters: Reporters) throws -> FakeDisk {
        let disk = FakeDisk(contents)
        var reporters = reporters
        let ledger = Ledger(disk: disk)
        try ledger.open(now: WallTime(seconds: 1_773_001_000))
        for batch in reporters.unacknowledged { reporters.send(batch, to: ledger) }
        reporters.acknowledge(ledger.commit(now: WallTime(seconds: 1_773_001_001)))
        #expect(reporters.unacknowledged.isEmpty)
        _ = ledger.close(now: WallTime(seconds: 1_773_001_002))
        return disk
    }

    private static func operationsOfADay() -> Int {
        let disk = FakeDisk()
        var reporters = Reporters()
        work(Ledger(disk: disk), &reporters, on: disk)
        return disk.operations
    }

    @Test("a day without faults counts every report once, in both files, and leaves an empty journal")
    func day() throws {
        let disk = FakeDisk()
        var reporters = Reporters()
        Self.work(Ledger(disk: disk), &reporters, on: disk)
        #expect(reporters.unacknowledged.isEmpty)
        #expect(try stored(on: disk) == book(of: reporters.sent))
        var saved = UsageBook()
        try UsageFile.read(usages: try #require(disk.contents[.usages]), into: &saved)
        try UsageFile.read(daily: try #require(disk.contents[.daily]), into: &saved)
        #expect(saved == book(of: reporters.sent))
        #expect(try JournalReading(try #require(disk.contents[.journal])).entries.isEmpty)
    }

    @Test(
        "a power cut at any operation, in any state it may leave, loses nothing acknowledged and counts nothing twice")
    func powerCut() throws {
        let count = Self.operationsOfADay()
        #expect(count > 40)
        var states = 0
        for operation in 1...count {
            let disk = FakeDisk()
            disk.inject(.powerCut, at: operation)
            var reporters = Reporters()
            Self.work(Ledger(disk: disk), &reporters, on: disk)
            #expect(disk.isDown)
            for contents in disk.afterPowerCut() {
                states += 1
                let after = try LedgerReplay(
                    usages: contents[.usages], daily: contents[.daily], journal: contents[.journal],
                    prices: testPrices, zone: .fixed(0))
                #expect(after.uncertain.isEmpty)
                #expect(reporters.safe.allSatisfy { after.marks[$0.worker] >= $0.sequence })
                let recovered = try stored(on: Self.recover(contents, reporters))
                #expect(recovered == book(of: reporters.sent), "operation \(operation), state \(states)")
            }
        }
        #expect(states > 200)
    }

    @Test("a second power cut during the recovery from the first changes nothing")
    func powerCutTwice() throws {
        var second = 0
        for operation in stride(from: 2, through: Self.operationsOfADay(), by: 3) {
            let disk = FakeDisk()
            disk.inject(.powerCut, at: operation)
            var reporters = Reporters()
            Self.work(Ledger(disk: disk), &reporters, on: disk)
            for contents in disk.afterPowerCut(sector: 4096) {
                // Early and late in the recovery by turns; it takes about 30 operations.
                second = (second + 7) % 31
                var reporters = reporters
                let again = FakeDisk(contents)
                again.inject(.powerCut, at: second + 1)
                Self.work(Ledger(disk: again), &reporters, on: again)
                for contents in again.afterPowerCut(sector: 4096) {
                    let recovered = try stored(on: Self.recover(contents, reporters))
                    #expect(recovered == book(of: reporters.sent), "operations \(operation), \(second + 1)")
                }
            }
        }
    }

    @Test("a disk that fails for a while anywhere stalls the ledger, loses nothing and counts nothing twice")
    func failure() throws {
        let count = Self.operationsOfADay()
        for operation in 1...count {
            for length in [1, 2, 5, 100] {
                let disk = FakeDisk()
                disk.inject(.failure(errno: ENOSPC, operations: length), at: operation)
                var reporters = Reporters()
                let log = NoticeLog()
                Self.work(Ledger(disk: disk, log: log), &reporters, on: disk)
                #expect(log.notices.contains { if case .stalled = $0 { true } else { false } })
                let recovered = try stored(on: Self.recover(disk.contents, reporters))
                #expect(recovered == book(of: reporters.sent), "operation \(operation), \(length) failures")
            }
        }
    }

    @Test("a failing disk that then loses power loses nothing acknowledged and counts nothing twice")
    func failureAndPowerCut() throws {
        let count = Self.operationsOfADay()
        for operation in stride(from: 3, through: count, by: 3) {
            for (length, later) in [(1, 1), (1, 4), (3, 9), (5, 2)] {
                let disk = FakeDisk()
                disk.inject(.failure(errno: EIO, operations: length), at: operation)
                disk.inject(.powerCut, at: operation + length + later)
                var reporters = Reporters()
                Self.work(Ledger(disk: disk), &reporters, on: disk)
                for contents in disk.afterPowerCut(sector: 512) {
                    let recovered = try stored(on: Self.recover(contents, reporters))
                    #expect(recovered == book(of: reporters.sent), "operation \(operation), \(length), \(later)")
                }
            }
        }
    }
}
