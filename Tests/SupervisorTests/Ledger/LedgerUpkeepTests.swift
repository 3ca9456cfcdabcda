import LoopTestSupport
import OCMEventLoop
import OCMIPC
import Testing

@testable import ocm_supervisor

/// A ledger while its disk takes its time.
struct LedgerUpkeepTests {
    private let now = WallTime(seconds: 1_773_000_000)

    @Test("what comes while a commit waits for the disk is neither acknowledged with it nor dropped with it")
    func meanwhile() throws {
        try onLoop {
            let disk = FakeDisk()
            let ledger = Ledger(disk: disk)
            try await ledger.open(now: now)
            let reporters = Reporters()
            let first = reporters.report(worker: 1)
            let second = reporters.report(worker: 1)
            let other = reporters.report(worker: 2)
            #expect(ledger.add(first) == .accepted)
            disk.isHeld = true
            let commit = Outcome { await ledger.commit(now: now) }
            await disk.isHolding()
            #expect(ledger.add(first) == .duplicate(durable: 0))
            #expect(ledger.add(second) == .accepted)
            #expect(ledger.add(second) == .duplicate(durable: 0))
            #expect(ledger.add(other) == .accepted)
            #expect(ledger.book == book(of: reporters.sent))
            disk.release()
            #expect(await commit.value == [Acknowledgement(worker: first.worker, sequence: 1)])
            #expect(ledger.book == book(of: reporters.sent))
            #expect(try stored(on: disk) == book(of: [first]))
            #expect(ledger.add(second) == .duplicate(durable: 1))
            #expect(Set(await ledger.commit(now: now).map(\.sequence)) == [2, 1])
            #expect(try stored(on: disk) == book(of: reporters.sent))
        }
    }

    @Test("prices that change while the files are written are for the next save")
    func pricesMeanwhile() throws {
        try onLoop {
            let disk = FakeDisk()
            let ledger = Ledger(disk: disk)
            try await ledger.open(now: now)
            _ = ledger.add(worker: WorkerIdentity(value: 1), sequence: 1, usage(input: 1_000_000))
            _ = await ledger.commit(now: now)
            disk.isHeld = true
            let save = Outcome { await ledger.compact(now: now) }
            await disk.isHolding()
            ledger.prices.table.models["gpt-5.5"]?.standard.price.input = TokenPrice(picoDollars: 7_000_000)
            disk.release()
            await save.value
            await ledger.compact(now: now)
            let file = String(decoding: try #require(disk.contents[.usages]), as: UTF8.self)
            #expect(file.contains(#""total_usd": 7.000000"#))
        }
    }

    @Test("the end waits for the disk, as long as it may, and then for all that came")
    func end() throws {
        try onLoop {
            let disk = FakeDisk()
            let ledger = Ledger(disk: disk)
            try await ledger.open(now: now)
            let reporters = Reporters()
            let upkeep = LedgerUpkeep(ledger) { reporters.acknowledge($0) }
            upkeep.start()
            disk.isHeld = true
            _ = ledger.add(reporters.report(worker: 1))
            upkeep.recordsCame()
            await disk.isHolding()
            _ = ledger.add(reporters.report(worker: 1))
            upkeep.close()
            #expect(await !upkeep.isClosed(by: EventLoop.now + .milliseconds(20)))
            #expect(reporters.safe.isEmpty)
            disk.release()
            #expect(await upkeep.isClosed(by: .never))
            #expect(reporters.unacknowledged.isEmpty)
            #expect(try stored(on: disk) == book(of: reporters.sent))
        }
    }

    @Test("one that was never started is closed at once, with what was loaded")
    func neverStarted() throws {
        try onLoop {
            let disk = FakeDisk()
            let log = NoticeLog()
            let ledger = Ledger(disk: disk, log: log)
            try await ledger.open(now: now)
            let upkeep = LedgerUpkeep(ledger) { _ in }
            upkeep.close()
            #expect(await upkeep.isClosed(by: .never))
            #expect(log.notices.isEmpty)
        }
    }

    @Test("what can't be written to the end is said to be lost, and how much it was")
    func lost() throws {
        try onLoop {
            let disk = FakeDisk()
            let log = NoticeLog()
            let ledger = Ledger(disk: disk, log: log)
            try await ledger.open(now: now)
            let reporters = Reporters()
            let upkeep = LedgerUpkeep(ledger) { reporters.acknowledge($0) }
            upkeep.start()
            disk.inject(.failure(errno: 28, operations: 1000), at: disk.operations + 1)
            _ = ledger.add(reporters.report(worker: 1, records: 3))
            upkeep.recordsCame()
            upkeep.close()
            #expect(await upkeep.isClosed(by: .never))
            #expect(reporters.safe.isEmpty)
            #expect(log.notices.last == .lost(responses: 3))
        }
    }
}

/// A task that is under way.
@EventLoop private final class Outcome<Value: Sendable> {
    private var result: Value?
    private let done = Wakeup()

    init(_ body: @escaping @EventLoop @Sendable () async -> Value) {
        EventLoop.spawn { [self] in
            result = await body()
            done.signal()
        }
    }

    var value: Value {
        get async {
            while true {
                if let result { return result }
                try? await done.wait()
            }
        }
    }
}
