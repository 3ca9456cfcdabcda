import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@testable import ocm_supervisor

/// The ledger on a disk that behaves.
struct LedgerTests {
    private let now = WallTime(seconds: 1_773_000_000)

    @Test("a report that is sent again counts once, before its commit and after it")
    func duplicates() throws {
        try onLoop {
            let ledger = Ledger(disk: FakeDisk())
            try await ledger.open(now: now)
            let reporters = Reporters()
            let first = reporters.report(worker: 1)
            let second = reporters.report(worker: 1)
            #expect(ledger.add(first) == .accepted)
            #expect(ledger.add(first) == .duplicate(durable: 0))
            #expect(await ledger.commit(now: now) == [Acknowledgement(worker: first.worker, sequence: 1)])
            #expect(ledger.add(first) == .duplicate(durable: 1))
            #expect(ledger.add(second) == .accepted)
            #expect(ledger.book == book(of: [first, second]))
            #expect(await ledger.commit(now: now) == [Acknowledgement(worker: first.worker, sequence: 2)])
            #expect(ledger.book == book(of: [first, second]))
        }
    }

    @Test("records that are sent again in other bundles count once")
    func rebundled() throws {
        try onLoop {
            let disk = FakeDisk()
            let first = Ledger(disk: disk)
            try await first.open(now: now)
            let reporters = Reporters()
            let batches = (0..<4).map { _ in reporters.report(worker: 1, records: 3) }
            let all = batches.flatMap(\.records)
            let worker = batches[0].worker
            #expect(first.add(worker: worker, Array(all[0..<5])) == .accepted)
            #expect(first.add(worker: worker, Array(all[3..<6])) == .accepted)
            _ = await first.commit(now: now)
            let second = Ledger(disk: FakeDisk(disk.contents))
            #expect(second.add(worker: worker, Array(all[0..<9])) == .accepted)
            try await second.open(now: now)
            #expect(second.book == book(of: batches[..<3]))
            #expect(await second.commit(now: now) == [Acknowledgement(worker: worker, sequence: 9)])
            #expect(second.add(worker: worker, all) == .accepted)
            #expect(await second.commit(now: now) == [Acknowledgement(worker: worker, sequence: 12)])
            #expect(second.book == book(of: batches))
        }
    }

    @Test("the numbers of the workers survive saves and restarts")
    func marksSurvive() throws {
        try onLoop {
            let disk = FakeDisk()
            let reporters = Reporters()
            let batch = reporters.report(worker: 7)
            let first = Ledger(disk: disk)
            try await first.open(now: now)
            _ = first.add(batch)
            #expect(await first.close(now: now).count == 1)
            let second = Ledger(disk: disk)
            try await second.open(now: now)
            #expect(second.add(batch) == .duplicate(durable: 1))
            _ = await second.close(now: now)
            #expect(try stored(on: disk) == book(of: [batch]))
        }
    }

    @Test("a full memory turns reports away, says so once, and takes them again when there is room")
    func full() throws {
        try onLoop {
            let disk = FakeDisk()
            let log = NoticeLog()
            let ledger = Ledger(disk: disk, memoryLimit: 500, log: log)
            try await ledger.open(now: now)
            let reporters = Reporters()
            let batches = (0..<6).map { _ in reporters.report(worker: 1) }
            let admissions = batches.map(ledger.add)
            let taken = admissions.count { $0 == .accepted }
            #expect(taken > 1 && taken < 6)
            #expect(admissions[taken...].allSatisfy { $0 == .full })
            #expect(log.notices.count { if case .full = $0 { true } else { false } } == 1)
            // A commit is bounded too, but for a report that is larger by itself.
            for sequence in 1...taken { #expect(await ledger.commit(now: now).map(\.sequence) == [UInt64(sequence)]) }
            #expect(!ledger.hasPending)
            for batch in batches[taken...] {
                #expect(ledger.add(batch) == .accepted)
                _ = await ledger.commit(now: now)
            }
            #expect(ledger.book == book(of: batches))
        }
    }

    @Test("a disk that can't be written is reported once, what is pending stays, and recovery is reported")
    func stalled() throws {
        try onLoop {
            let disk = FakeDisk()
            let log = NoticeLog()
            let ledger = Ledger(disk: disk, log: log)
            try await ledger.open(now: now)
            let reporters = Reporters()
            _ = ledger.add(reporters.report(worker: 1))
            disk.inject(.failure(errno: ENOSPC, operations: 3), at: disk.operations + 1)
            #expect(await ledger.commit(now: now) == [])
            #expect(await ledger.commit(now: now) == [])
            #expect(ledger.hasPending)
            #expect(ledger.trouble != nil)
            #expect(ledger.book == book(of: reporters.sent))
            while ledger.hasPending { reporters.acknowledge(await ledger.commit(now: now)) }
            #expect(reporters.unacknowledged.isEmpty)
            #expect(ledger.trouble == nil)
            #expect(log.notices.last == .recovered)
            #expect(log.notices.count { $0 == .recovered } == 1)
        }
    }

    @Test("a corrupt file is set aside under a free name and reported, and counting goes on")
    func corrupt() throws {
        try onLoop {
            for corrupt in ["", "{", "[]", #"{"combinations": [{"total": {"request_count": "many"}}]}"#, "\u{0}\u{0}"] {
                let disk = FakeDisk([
                    .usages: Array(corrupt.utf8), LedgerFile.usages.aside("20260308T200000Z"): [1], .daily: [0x7B],
                ])
                let log = NoticeLog()
                let ledger = Ledger(disk: disk, log: log)
                try await ledger.open(now: now)
                let reporters = Reporters()
                _ = ledger.add(reporters.report(worker: 1))
                _ = await ledger.close(now: now)
                #expect(disk.contents[LedgerFile.usages.aside("20260308T200000Z")] == [1])
                #expect(disk.contents[LedgerFile.usages.aside("20260308T200000Z-2")] == Array(corrupt.utf8))
                #expect(disk.contents[LedgerFile.daily.aside("20260308T200000Z")] == [0x7B])
                #expect(log.notices.count { if case .setAside = $0 { true } else { false } } == 2)
                #expect(try stored(on: disk) == book(of: reporters.sent))
            }
        }
    }

    @Test("a file that was changed by hand keeps the change, and what the journal has is added to it and said")
    func edited() throws {
        try onLoop {
            let disk = FakeDisk()
            let ledger = Ledger(disk: disk)
            try await ledger.open(now: now)
            let reporters = Reporters()
            _ = ledger.add(reporters.report(worker: 1))
            _ = await ledger.commit(now: now)
            var contents = disk.contents
            contents[.usages] = Array(
                #"{"combinations": [{"model": "gpt-5.5", "total": {"request_count": 5, "input_tokens": 50}}]}"#.utf8)
            let changed = FakeDisk(contents)
            let log = NoticeLog()
            let next = Ledger(disk: changed, log: log)
            try await next.open(now: now)
            let copy = LedgerFile.journal.aside("20260308T200000Z")
            #expect(log.notices == [.changed(path: "usages.json", journal: changed.path(of: copy))])
            #expect(changed.contents[copy] == contents[.journal])
            let totals = next.book.rows.values.map(\.total)
            #expect(totals.reduce(0) { $0 + $1.requests } == 6)
            #expect(totals.reduce(0) { $0 + $1.input } == 1050)
        }
    }

    @Test("a journal that was removed is written anew, and nothing that was acknowledged is missing")
    func journalRemoved() throws {
        try onLoop {
            let disk = FakeDisk()
            let log = NoticeLog()
            let ledger = Ledger(disk: disk, log: log)
            try await ledger.open(now: now)
            let reporters = Reporters()
            for _ in 0..<2 {
                _ = ledger.add(reporters.report(worker: 1))
                _ = await ledger.commit(now: now)
                disk.names[.journal] = nil
            }
            _ = ledger.add(reporters.report(worker: 1))
            #expect(await ledger.commit(now: now).count == 1)
            #expect(
                log.notices == [
                    .journalGone(path: disk.path(of: .journal)), .journalGone(path: disk.path(of: .journal)),
                ])
            #expect(try stored(on: disk) == book(of: reporters.sent))
        }
    }

    @Test(
        "what someone else writes into the files of a ledger that is kept is set aside, once, and never overwritten unread"
    )
    func foreign() throws {
        try onLoop {
            let disk = FakeDisk()
            let log = NoticeLog()
            let ledger = Ledger(disk: disk, log: log)
            try await ledger.open(now: now)
            let reporters = Reporters()
            _ = ledger.add(reporters.report(worker: 1))
            _ = await ledger.commit(now: now)
            await ledger.compact(now: now)
            for file in [LedgerFile.usages, .daily] {
                let theirs = Array("{}".utf8)
                disk.names[file] = FakeFile(durable: theirs)
                for _ in 0..<2 {
                    _ = ledger.add(reporters.report(worker: 1))
                    _ = await ledger.commit(now: now)
                    await ledger.compact(now: now)
                }
                let aside = file.foreign("20260308T200000Z")
                #expect(disk.contents[aside] == theirs)
                #expect(log.notices.last == .foreign(path: disk.path(of: file), as: disk.path(of: aside)))
            }
            #expect(log.notices.count == 2)
            #expect(try stored(on: disk) == book(of: reporters.sent))
        }
    }

    @Test("what is put back as it was is nobody else's")
    func sameAgain() throws {
        try onLoop {
            let disk = FakeDisk()
            let log = NoticeLog()
            let ledger = Ledger(disk: disk, log: log)
            try await ledger.open(now: now)
            _ = ledger.add(worker: WorkerIdentity(value: 1), sequence: 1, usage(input: 1))
            _ = await ledger.commit(now: now)
            await ledger.compact(now: now)
            disk.names[.usages] = FakeFile(durable: try #require(disk.contents[.usages]))
            _ = ledger.add(worker: WorkerIdentity(value: 1), sequence: 2, usage(input: 1))
            _ = await ledger.commit(now: now)
            await ledger.compact(now: now)
            #expect(log.notices.isEmpty)
        }
    }

    @Test("of many models without a price a hundred are named, and that there are more")
    func manyUnpriced() throws {
        try onLoop {
            let log = NoticeLog()
            let ledger = Ledger(disk: FakeDisk(), log: log)
            try await ledger.open(now: now)
            for sequence in 1...150 as ClosedRange<UInt64> {
                _ = ledger.add(
                    worker: WorkerIdentity(value: 1), sequence: sequence,
                    usage(model: "m\(sequence)", input: 10))
                _ = await ledger.commit(now: now)
                if sequence % 50 == 0 { await ledger.compact(now: now) }
            }
            #expect(log.notices.count == 101 && log.notices.last == .moreUnpriced(after: 100))
        }
    }

    @Test("a model without a price is named once")
    func unpriced() throws {
        try onLoop {
            let log = NoticeLog()
            let ledger = Ledger(disk: FakeDisk(), log: log)
            try await ledger.open(now: now)
            let worker = WorkerIdentity(value: 1)
            for sequence in 1...3 {
                _ = ledger.add(
                    worker: worker, sequence: UInt64(sequence), usage(model: "who-knows", input: 10))
                _ = await ledger.commit(now: now)
                await ledger.compact(now: now)
            }
            #expect(log.notices == [.unpriced(model: "who-knows")])
        }
    }

    @Test("new prices change the costs of the past at the next save")
    func repricing() throws {
        try onLoop {
            let disk = FakeDisk()
            let ledger = Ledger(disk: disk)
            try await ledger.open(now: now)
            _ = ledger.add(worker: WorkerIdentity(value: 1), sequence: 1, usage(input: 1_000_000))
            _ = await ledger.commit(now: now)
            await ledger.compact(now: now)
            let before = try #require(disk.contents[.usages])
            #expect(String(decoding: before, as: UTF8.self).contains(#""total_usd": 5.000000"#))
            ledger.prices.table.models["gpt-5.5"]?.standard.price.input = TokenPrice(picoDollars: 6_000_001)
            await ledger.compact(now: now)
            let after = try #require(disk.contents[.usages])
            #expect(String(decoding: after, as: UTF8.self).contains(#""total_usd": 6.000001"#))
        }
    }

    @Test("the numbers of workers that were silent for long are dropped")
    func silentWorkers() {
        var marks = WorkerMarks()
        func batch(_ worker: UInt128) -> UsageBatch {
            UsageBatch(
                worker: WorkerIdentity(value: worker), records: [NumberedUsage(sequence: 5, record: usage(input: 1))])
        }
        _ = marks.advance(over: batch(1), at: 1_000)
        _ = marks.advance(over: batch(2), at: 90 * 86_400)
        marks.dropSilent(at: 90 * 86_400 + 1_000)
        #expect(marks[WorkerIdentity(value: 1)] == 0)
        #expect(marks[WorkerIdentity(value: 2)] == 5)
    }
}
