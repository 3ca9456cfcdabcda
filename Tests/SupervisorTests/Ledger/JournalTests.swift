import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@testable import ocm_supervisor

/// The journal read back from every state that a file can be left in.
struct JournalTests {
    /// A journal that was never saved from: three commits after the base, and where each ends.
    @EventLoop private static func journal() async -> (bytes: [UInt8], ends: [Int], commits: [[UsageBatch]]) {
        let disk = FakeDisk()
        let ledger = Ledger(disk: disk)
        let reporters = Reporters()
        try? await ledger.open(now: WallTime(seconds: 1_773_000_000))
        var ends = [disk.contents[.journal]?.count ?? 0]
        var commits: [[UsageBatch]] = []
        for round in 0..<3 {
            let batches = (1...2).map { reporters.report(worker: UInt128($0), records: 1 + round) }
            for batch in batches { _ = ledger.add(batch) }
            _ = await ledger.commit(now: WallTime(seconds: 1_773_000_000))
            commits.append(batches)
            ends.append(disk.contents[.journal]?.count ?? 0)
        }
        return (disk.contents[.journal] ?? [], ends, commits)
    }

    private static func replay(_ journal: [UInt8]) throws -> LedgerReplay {
        try LedgerReplay(usages: nil, daily: nil, journal: journal, prices: testPrices, zone: .fixed(0))
    }

    @Test("every beginning of a journal replays to the commits that are whole in it")
    func prefixes() throws {
        try onLoop {
            let (bytes, ends, commits) = await Self.journal()
            for length in 0...bytes.count {
                let replay = try Self.replay(Array(bytes[..<length]))
                let whole = max(0, ends.count { $0 <= length } - 1)
                #expect(replay.book == book(of: commits[..<whole].joined()), "\(length) bytes")
                #expect(replay.journal?.damage == [], "\(length) bytes")
                let reading = try #require(replay.journal)
                #expect(reading.end + reading.tornTail == length)
                if ends.contains(length) { #expect(reading.tornTail == 0) }
            }
        }
    }

    @Test("a flipped bit costs at most the commit that it is in, and nothing is counted twice")
    func flips() throws {
        try onLoop {
            let (bytes, ends, commits) = await Self.journal()
            for index in bytes.indices {
                var flipped = bytes
                flipped[index] ^= 1 << UInt8(index % 8)
                let replay = try Self.replay(flipped)
                let hit = ends.firstIndex { index < $0 } ?? 0
                let spared = hit == 0 ? commits : commits.enumerated().filter { $0.offset != hit - 1 }.map(\.element)
                #expect(replay.book == book(of: spared.joined()), "byte \(index)")
                let reading = try #require(replay.journal)
                #expect(reading.base != nil, "byte \(index)")
                #expect(!reading.damage.isEmpty || reading.tornTail > 0, "byte \(index)")
            }
        }
    }

    @Test("every flipped byte of a journal in the middle of a save leaves each report counted at most once")
    func flipsInASave() throws {
        try onLoop {
            // Stopped between the renames: the week's file is the next one, the day's is not.
            let disk = FakeDisk()
            let ledger = Ledger(disk: disk)
            let reporters = Reporters()
            try await ledger.open(now: WallTime(seconds: 1_773_000_000))
            for worker in 1...2 { _ = ledger.add(reporters.report(worker: UInt128(worker))) }
            _ = await ledger.commit(now: WallTime(seconds: 1_773_000_001))
            disk.inject(.powerCut, at: disk.operations + 10)
            await ledger.compact(now: WallTime(seconds: 1_773_000_002))
            let contents = disk.contents
            #expect(contents[.usages] != nil)
            #expect(contents[.daily] == nil)
            let journal = try #require(contents[.journal])
            for index in journal.indices {
                var flipped = journal
                flipped[index] ^= 0xFF
                let replay = try LedgerReplay(
                    usages: contents[.usages], daily: nil, journal: flipped, prices: testPrices, zone: .fixed(0))
                #expect(replay.book.rows == book(of: reporters.sent).rows, "byte \(index)")
                #expect(replay.uncertain.isEmpty, "byte \(index)")
            }
        }
    }

    @Test("damage in the middle is copied aside and reported, and the journal starts afresh")
    func damage() throws {
        try onLoop {
            let (bytes, ends, commits) = await Self.journal()
            var flipped = bytes
            flipped[ends[0] + 20] ^= 1
            let disk = FakeDisk([.journal: flipped])
            let log = NoticeLog()
            let ledger = Ledger(disk: disk, log: log)
            try await ledger.open(now: WallTime(seconds: 1_773_000_600))
            let copy = LedgerFile.journal.aside("20260308T201000Z")
            #expect(disk.contents[copy] == flipped)
            #expect(
                log.notices == [
                    .damaged(
                        path: "usages.json.journal", as: "usages.json.journal.corrupt-20260308T201000Z",
                        bytes: ends[1] - ends[0])
                ])
            #expect(try stored(on: disk) == book(of: commits[1...].joined()))
            #expect(try JournalReading(try #require(disk.contents[.journal])).damage.isEmpty)
        }
    }

    @Test("a full disk that has no room for the copy is not filled with beginnings of it, and the copy comes later")
    func copyWithoutRoom() throws {
        try onLoop {
            let (bytes, ends, commits) = await Self.journal()
            var flipped = bytes
            flipped[ends[0] + 20] ^= 1
            let disk = FakeDisk([.journal: flipped])
            let ledger = Ledger(disk: disk)
            // Behind the lock, three reads and the copy's creation.
            for attempt in 0..<3 { disk.inject(.failure(errno: ENOSPC, operations: 1), at: 6 + 6 * attempt) }
            try await ledger.open(now: WallTime(seconds: 1_773_000_600))
            #expect(disk.contents == [.journal: flipped])
            #expect(ledger.trouble != nil)
            await ledger.compact(now: WallTime(seconds: 1_773_000_601))
            #expect(disk.contents == [.journal: flipped])
            await ledger.compact(now: WallTime(seconds: 1_773_000_602))
            #expect(disk.contents[LedgerFile.journal.aside("20260308T201002Z")] == flipped)
            #expect(disk.contents.keys.count { $0.suffix.contains("corrupt") } == 1)
            #expect(ledger.trouble == nil)
            #expect(try stored(on: disk) == book(of: commits[1...].joined()))
        }
    }

    @Test("bytes that are no journal at all are copied aside, whatever they are")
    func noise() throws {
        try onLoop {
            var random = SystemRandomNumberGenerator()
            for length in [1, 3, 12, 13, 500] {
                let noise = (0..<length).map { _ in UInt8.random(in: 1...255, using: &random) | 0x80 }
                let disk = FakeDisk([.journal: noise])
                let log = NoticeLog()
                let ledger = Ledger(disk: disk, log: log)
                try await ledger.open(now: WallTime(seconds: 1_773_000_600))
                let copy = LedgerFile.journal.aside("20260308T201000Z")
                #expect(disk.contents[copy] == noise)
                #expect(
                    log.notices == [
                        .damaged(path: disk.path(of: .journal), as: disk.path(of: copy), bytes: length)
                    ])
                #expect(ledger.trouble == nil)
            }
        }
    }

    @Test("a journal of a newer version is left alone")
    func newerVersion() throws {
        try onLoop {
            var body = JournalEntry.base(
                JournalBase(files: FileStates(usages: .absent, daily: .absent), marks: WorkerMarks())
            ).body
            body[1] = 2
            let journal = JournalFrame.frame(body, at: 0)
            let disk = FakeDisk([.journal: journal])
            let ledger = Ledger(disk: disk)
            try await ledger.open(now: WallTime(seconds: 0))
            #expect(ledger.trouble == .newerJournal(path: "usages.json.journal", version: 2))
            #expect(disk.contents == [.journal: journal])
        }
    }

    @Test("the checksum is CRC-32C")
    func checksum() {
        var crc = CRC32C()
        crc.add("123456789".utf8)
        #expect(crc.value == 0xE306_9283)
    }

    @Test("the digest is FNV-1a over 128 bits")
    func digest() {
        #expect(FileDigest(of: Array("a".utf8)).value == 0xD228_CB69_6F1A_8CAF_7891_2B70_4E4A_8964)
    }
}
