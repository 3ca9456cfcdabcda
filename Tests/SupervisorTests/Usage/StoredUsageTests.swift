import LoopTestSupport
import OCMEventLoop
import OCMIPC
import Testing

@testable import ocm_supervisor

/// A ledger's files, read by another process while the ledger goes on.
struct StoredUsageTests {
    @Test("whatever the ledger does between two reads, each record is there once, in both histories")
    func moving() throws {
        try onLoop {
            let (states, counted) = try await Self.states()
            #expect(states.count > 20)
            for first in states.indices {
                for (usages, daily, last) in Self.waits() {
                    let reader = Reader(
                        states, [first, first + usages, first + usages + daily, first + usages + daily + last])
                    let replay = try StoredUsage.replay(reader, testPrices, .fixed(0))
                    let requests = replay.book.rows.values.reduce(0) { $0 + $1.total.requests }
                    #expect(replay.uncertain.isEmpty && replay.journal?.damage.isEmpty != false)
                    #expect(replay.book.days.values.reduce(0) { $0 + $1.requests } == requests)
                    #expect((counted[first]...counted[reader.position]).contains(requests))
                }
            }
        }
    }

    /// The disk after each operation of a ledger at work, and how many requests were counted for sure by then.
    @EventLoop private static func states() async throws -> ([[LedgerFile: [UInt8]]], [UInt64]) {
        let disk = RecordingDisk()
        let ledger = Ledger(storage: disk, prices: testPrices, zone: .fixed(0), report: { _ in })
        let now = WallTime(seconds: 1_773_000_000)
        try await ledger.open(now: now)
        let reporters = Reporters()
        for round in 0..<3 {
            reporters.send(reporters.report(worker: 1, records: 2), to: ledger)
            _ = await ledger.commit(now: now)
            if round.isMultiple(of: 2) { await ledger.compact(now: WallTime(seconds: now.seconds + Int64(round))) }
        }
        let counted = try disk.states.map { state in
            try LedgerReplay(
                usages: state[.usages], daily: state[.daily], journal: state[.journal], prices: testPrices,
                zone: .fixed(0)
            ).book.rows.values.reduce(0) { $0 + $1.total.requests }
        }
        return (disk.states, counted)
    }

    /// How many operations pass before each of three reads.
    private static func waits() -> [(Int, Int, Int)] {
        let steps = [0, 1, 2, 6]
        return steps.flatMap { one in steps.flatMap { other in steps.map { (one, other, $0) } } }
    }
}

/// A disk that keeps all states that it was in.
@EventLoop private final class RecordingDisk: @EventLoop LedgerStorage {
    private let disk = FakeDisk()
    private(set) var states: [[LedgerFile: [UInt8]]] = []

    private func record() {
        if states.last != disk.contents { states.append(disk.contents) }
    }

    func path(of file: LedgerFile) -> String { disk.path(of: file) }
    func lock() throws(LedgerError) { try disk.lock() }
    func read(_ file: LedgerFile) throws(LedgerError) -> [UInt8]? { try disk.read(file) }
    func exists(_ file: LedgerFile) -> Bool { disk.exists(file) }
    func isInPlace(_ file: LedgerFile) -> Bool { disk.isInPlace(file) }
    func state(of file: LedgerFile) -> FileState? { disk.state(of: file) }

    func create(_ file: LedgerFile) throws(LedgerError) {
        try disk.create(file)
        record()
    }

    func write(_ bytes: [UInt8], to file: LedgerFile, at offset: Int) throws(LedgerError) {
        try disk.write(bytes, to: file, at: offset)
        record()
    }

    func truncate(_ file: LedgerFile, to length: Int) throws(LedgerError) {
        try disk.truncate(file, to: length)
        record()
    }

    func synchronize(_ file: LedgerFile) async throws(LedgerError) { try await disk.synchronize(file) }

    func rename(_ file: LedgerFile, to other: LedgerFile) throws(LedgerError) {
        try disk.rename(file, to: other)
        record()
    }

    func remove(_ file: LedgerFile) {
        disk.remove(file)
        record()
    }

    func synchronizeDirectory() async throws(LedgerError) { try await disk.synchronizeDirectory() }
    func close() { disk.close() }
}

/// A disk that goes on from state to state while it is read; whoever reads it writes nothing and takes no lock.
@EventLoop private final class Reader: @EventLoop LedgerStorage {
    private let states: [[LedgerFile: [UInt8]]]
    private var moments: ArraySlice<Int>
    /// The state that was read last.
    private(set) var position = 0

    /// - Parameter moments: the states that the first reads see; those after them see the last of them.
    init(_ states: [[LedgerFile: [UInt8]]], _ moments: [Int]) {
        self.states = states
        self.moments = moments[...]
    }

    func read(_ file: LedgerFile) throws(LedgerError) -> [UInt8]? {
        position = min(moments.popFirst() ?? position, states.count - 1)
        return states[position][file]
    }

    func path(of file: LedgerFile) -> String { file.suffix }
    func exists(_ file: LedgerFile) -> Bool { states[position][file] != nil }
    func isInPlace(_ file: LedgerFile) -> Bool { exists(file) }
    func state(of file: LedgerFile) -> FileState? { nil }
    func lock() throws(LedgerError) { touched() }
    func create(_ file: LedgerFile) throws(LedgerError) { touched() }
    func write(_ bytes: [UInt8], to file: LedgerFile, at offset: Int) throws(LedgerError) { touched() }
    func truncate(_ file: LedgerFile, to length: Int) throws(LedgerError) { touched() }
    func synchronize(_ file: LedgerFile) async throws(LedgerError) { touched() }
    func rename(_ file: LedgerFile, to other: LedgerFile) throws(LedgerError) { touched() }
    func remove(_ file: LedgerFile) { touched() }
    func synchronizeDirectory() async throws(LedgerError) { touched() }
    func close() {}

    private nonisolated func touched() {
        Issue.record("a reader changes nothing")
    }
}
