import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@testable import ocm_supervisor

/// The ledger through power cuts, kills and failing disks, at every point of its work.
struct PowerCutTests {
    @Test("a day without faults counts every report once, in both files, and leaves an empty journal")
    func day() throws {
        try onLoop {
            let disk = FakeDisk()
            let reporters = Reporters()
            await workingDay(reporters, on: disk)
            #expect(reporters.unacknowledged.isEmpty)
            #expect(reporters.sent.count > 12)
            #expect(disk.operations > 60)
            #expect(try stored(on: disk) == book(of: reporters.sent))
            var saved = UsageBook()
            try UsageFile.read(usages: try #require(disk.contents[.usages]), into: &saved)
            try UsageFile.read(daily: try #require(disk.contents[.daily]), into: &saved)
            #expect(saved == book(of: reporters.sent))
            #expect(try JournalReading(try #require(disk.contents[.journal])).entries.isEmpty)
        }
    }

    @Test(
        "a power cut at any operation, in any state it may leave, loses nothing acknowledged and counts nothing twice")
    func powerCut() throws {
        try onLoop {
            var states = 0
            for operation in stride(from: 1, through: try await operations(), by: thorough ? 1 : 2) {
                let disk = FakeDisk()
                disk.inject(.powerCut, at: operation)
                let reporters = Reporters()
                await workingDay(reporters, on: disk)
                #expect(disk.isDown)
                for contents in disk.afterPowerCut() {
                    states += 1
                    try expectSafe(contents, reporters)
                    try await expectRecovery(contents, reporters, "operation \(operation), state \(states)")
                }
            }
            #expect(states > 500)
        }
    }

    @Test("a second power cut during the recovery from the first changes nothing")
    func powerCutTwice() throws {
        try onLoop {
            var second = 0
            for operation in stride(from: 2, through: try await operations(), by: thorough ? 1 : 6) {
                let disk = FakeDisk()
                disk.inject(.powerCut, at: operation)
                let first = Reporters()
                await workingDay(first, on: disk)
                for contents in disk.afterPowerCut(sector: 4096) {
                    // Early and late in the recovery by turns; it takes about 30 operations.
                    second = (second + 7) % 31
                    let again = FakeDisk(contents)
                    again.inject(.powerCut, at: second + 1)
                    let reporters = Reporters(first)
                    await workingDay(reporters, on: again)
                    for contents in again.afterPowerCut(sector: 4096) {
                        try await expectRecovery(contents, reporters, "operations \(operation), \(second + 1)")
                    }
                }
            }
        }
    }

    @Test(
        "a power cut soon after the next start finds on disk what that start acknowledged, though a kill left it in memory"
    )
    func killAndPowerCut() throws {
        try onLoop {
            var states = 0
            for operation in stride(from: 1, through: try await operations(), by: thorough ? 1 : 4) {
                for later in [2, 9, 20] + (thorough ? [5, 14, 27] : []) {
                    let disk = FakeDisk()
                    disk.inject(.kill, at: operation)
                    let reporters = Reporters()
                    await workingDay(reporters, on: disk)
                    disk.restart()
                    disk.inject(.powerCut, at: disk.operations + later)
                    await workingDay(reporters, on: disk)
                    for contents in disk.afterPowerCut(sector: 512) {
                        states += 1
                        try expectSafe(contents, reporters)
                        try await expectRecovery(contents, reporters, "operations \(operation), \(later)")
                    }
                }
            }
            #expect(states > 100)
        }
    }

    @Test("a disk that fails for a while anywhere stalls the ledger, loses nothing and counts nothing twice")
    func failure() throws {
        try onLoop {
            for operation in stride(from: 1, through: try await operations(), by: thorough ? 1 : 3) {
                for length in [1, 2, 5, 100] {
                    let disk = FakeDisk()
                    disk.inject(.failure(errno: ENOSPC, operations: length), at: operation)
                    let reporters = Reporters()
                    let log = NoticeLog()
                    await workingDay(reporters, on: disk, log: log)
                    #expect(log.notices.contains { if case .stalled = $0 { true } else { false } })
                    try await expectRecovery(disk.contents, reporters, "operation \(operation), \(length) failures")
                }
            }
        }
    }

    @Test(
        "a failing disk that then loses power loses nothing acknowledged and counts nothing twice",
        arguments: [false, true])
    func failureAndPowerCut(evicts: Bool) throws {
        try onLoop {
            for operation in stride(from: 3, through: try await operations(), by: thorough ? 1 : 7) {
                for (length, later) in [(1, 1), (1, 12), (3, 9)] + (thorough ? [(1, 4), (5, 2)] : []) {
                    let disk = FakeDisk()
                    disk.inject(.failure(errno: EIO, operations: length), at: operation)
                    disk.inject(.powerCut, at: operation + length + later)
                    if evicts { disk.afterFailure = { disk.evict() } }
                    let reporters = Reporters()
                    await workingDay(reporters, on: disk)
                    for contents in disk.afterPowerCut(sector: thorough ? 512 : 4096) {
                        try expectSafe(contents, reporters)
                        try await expectRecovery(contents, reporters, "operation \(operation), \(length), \(later)")
                    }
                }
            }
        }
    }
}

/// All moments are tried where the time is there; else a choice of them.
let thorough = getenv("OCM_TEST_FULL") != nil

/// A working day: what is left of the day before, reports of two workers, commits of several at a time, more reports while
/// the disk is at it, saves in between, a clean end.
@EventLoop func workingDay(_ reporters: Reporters, on disk: FakeDisk, log: NoticeLog = NoticeLog()) async {
    let ledger = Ledger(disk: disk, log: log)
    var time = WallTime(seconds: 1_773_000_000)
    try? await ledger.open(now: time)
    for batch in reporters.unacknowledged { reporters.send(batch, to: ledger) }
    var synchronizations = 0
    disk.meanwhile = {
        synchronizations += 1
        if synchronizations % 3 == 0 { reporters.send(reporters.report(worker: 2), to: ledger) }
    }
    for round in 0..<4 {
        for worker in 1...2 where !disk.isDown {
            reporters.send(reporters.report(worker: UInt128(worker), records: 1 + round % 3), to: ledger)
        }
        time.seconds += 1
        reporters.acknowledge(await ledger.commit(now: time))
        if round % 2 == 1 {
            time.seconds += 60
            await ledger.compact(now: time)
        }
    }
    disk.meanwhile = {}
    reporters.acknowledge(await ledger.close(now: time))
}

/// How many operations a day takes.
@EventLoop private func operations() async throws -> Int {
    let disk = FakeDisk()
    await workingDay(Reporters(), on: disk)
    return disk.operations
}

/// What the files say holds all that was acknowledged, and nothing twice.
@EventLoop func expectSafe(_ contents: [LedgerFile: [UInt8]], _ reporters: Reporters) throws {
    let after = try LedgerReplay(
        usages: contents[.usages], daily: contents[.daily], journal: contents[.journal], prices: testPrices,
        zone: .fixed(0))
    #expect(after.uncertain.isEmpty)
    #expect(reporters.safe.allSatisfy { after.marks[$0.worker] >= $0.sequence })
    #expect(after.book == book(of: reporters.sent.filter { $0.sequence <= after.marks[$0.worker] }))
}

/// At the next start the workers send again what was not acknowledged, and then each report counts once.
@EventLoop private func expectRecovery(
    _ contents: [LedgerFile: [UInt8]], _ before: Reporters, _ circumstances: String
) async throws {
    let disk = FakeDisk(contents)
    let reporters = Reporters(before)
    let ledger = Ledger(disk: disk)
    try await ledger.open(now: WallTime(seconds: 1_773_001_000))
    for batch in reporters.unacknowledged { reporters.send(batch, to: ledger) }
    reporters.acknowledge(await ledger.commit(now: WallTime(seconds: 1_773_001_001)))
    #expect(reporters.unacknowledged.isEmpty)
    _ = await ledger.close(now: WallTime(seconds: 1_773_001_002))
    #expect(try stored(on: disk) == book(of: reporters.sent), "\(circumstances)")
}
