import OCMEventLoop
import Testing

@testable import ocm_supervisor

@Suite struct CrashRecordTests {
    private let start = Instant(nanoseconds: 1_000_000_000_000)

    private func crash(_ pid: Int32) -> CrashRecord.Crash {
        CrashRecord.Crash(time: Timestamp(seconds: 1), pid: pid, reason: "signal 6 (SIGABRT)")
    }

    @Test func theLastMinuteCounts() {
        var record = CrashRecord()
        for second in [0, 10, 20] { _ = record.note(crash(1), at: start + .seconds(second)) }
        #expect(record.count(at: start + .seconds(20)) == 3)
        #expect(record.count(at: start + .seconds(65)) == 2)
        #expect(record.count(at: start + .seconds(81)) == 0)
        #expect(record.last == crash(1))
    }

    @Test func aLoopIsToldOfOnceUntilItHasEnded() {
        var record = CrashRecord()
        let told = (0..<12).map { record.note(crash($0), at: start + .seconds(Int($0))) }
        #expect(told == (0..<12).map { $0 == CrashRecord.loop - 1 })
        let later = record.note(crash(20), at: start + .seconds(300))
        #expect(!later)
        let again = (0..<4).map { record.note(crash($0), at: start + .seconds(301 + Int($0))) }
        #expect(again == [false, false, false, true])
    }
}

@Suite struct MemoryKillsTests {
    @Test func theGroupIsThatOfVersion2() {
        #expect(MemoryKills.group("12:cpu:/a\n0::/system.slice/ocm.service\n") == "/system.slice/ocm.service")
        #expect(MemoryKills.group("0::/\n") == "/")
        #expect(MemoryKills.group("1:name=systemd:/x\n") == nil)
    }

    /// A control group whose kernel says what the test does.
    private func group(_ kills: Int) throws -> (directory: TemporaryDirectory, kills: MemoryKills) {
        let directory = TemporaryDirectory()
        directory.write("0::/\n", to: "table")
        directory.write("oom 9\noom_kill \(kills)\n", to: "memory.events")
        return (directory, try #require(MemoryKills(table: directory.path + "/table", root: directory.path)))
    }

    @Test func aKillAccountsForOneDeathAtItsTime() throws {
        let (directory, found) = try group(3)
        var kills = found
        let start = Instant(nanoseconds: 1_000_000_000_000)
        let before = kills.explains(deathAt: start)
        #expect(!before, "what was before is nobody's")
        directory.write("oom_kill 4\n", to: "memory.events")
        kills.look(at: start + .seconds(1))
        let (first, second) = (
            kills.explains(deathAt: start + .seconds(2)), kills.explains(deathAt: start + .seconds(2))
        )
        #expect(first && !second)
    }

    @Test func aKillOfLongAgoAccountsForNoDeathOfToday() throws {
        let (directory, found) = try group(0)
        var kills = found
        let start = Instant(nanoseconds: 1_000_000_000_000)
        directory.write("oom_kill 1\n", to: "memory.events")
        kills.look(at: start)
        kills.look(at: start + .seconds(5))
        let isExplained = kills.explains(deathAt: start + .seconds(3600))
        #expect(!isExplained)
    }

    @Test func theKillsAreCounted() {
        #expect(MemoryKills.kills("low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n") == 2)
        #expect(MemoryKills.kills("low 0\n") == nil)
    }
}

@Suite struct ProcessStartTests {
    @Test func aNameMayHoldAnything() {
        let fields = (3...52).map { "\($0)00" }.joined(separator: " ")
        #expect(ChildProcess.startTicks("17 (ocm-worker) \(fields)\n") == 2200)
        #expect(ChildProcess.startTicks("17 (a) b (c) \(fields)\n") == 2200)
        #expect(ChildProcess.startTicks("17 (a) R 1 2") == nil)
    }
}
