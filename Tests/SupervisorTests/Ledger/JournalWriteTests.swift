import LoopTestSupport
import OCMEventLoop
import Testing

@testable import ocm_supervisor

/// The journal as its writes leave it when the power goes in the middle of one.
struct JournalWriteTests {
    @Test(
        "every beginning of every write of a journal, to the byte, reads as what was acknowledged and perhaps the rest")
    func prefixes() throws {
        try onLoop {
            var states = 0
            try await everyCut(recordsPerCommit: 4) { disk, reporters in
                guard let journal = disk.names[.journal], journal.bytes.count > journal.durable.count else { return }
                for length in journal.durable.count...journal.bytes.count {
                    states += 1
                    var contents = disk.contents
                    contents[.journal] = Array(journal.bytes[..<length])
                    try expectSafe(contents, reporters)
                }
            }
            #expect(states > 2_000)
        }
    }

    @Test(
        "whichever pages of a write of a journal reach the disk, all acknowledged is there, and nothing twice",
        arguments: [4096, 512])
    func tornPages(size: Int) throws {
        try onLoop {
            var states = 0
            try await everyCut(recordsPerCommit: size / 20) { disk, reporters in
                for contents in disk.afterPowerCut(sector: size) {
                    states += 1
                    try expectSafe(contents, reporters)
                }
            }
            #expect(states > 100)
        }
    }

    /// Cuts the power at each operation of three commits and a save.
    @EventLoop private func everyCut(
        recordsPerCommit: Int, _ look: (FakeDisk, Reporters) throws -> Void
    ) async throws {
        for operation in 1... {
            let disk = FakeDisk()
            disk.inject(.powerCut, at: operation)
            let reporters = Reporters()
            let ledger = Ledger(disk: disk)
            try? await ledger.open(now: WallTime(seconds: 1_773_000_000))
            for worker in [1, 2, 1] as [UInt128] where !disk.isDown {
                reporters.send(reporters.report(worker: worker, records: recordsPerCommit), to: ledger)
                reporters.acknowledge(await ledger.commit(now: WallTime(seconds: 1_773_000_001)))
            }
            await ledger.compact(now: WallTime(seconds: 1_773_000_060))
            try look(disk, reporters)
            if !disk.isDown { return }
        }
    }
}
