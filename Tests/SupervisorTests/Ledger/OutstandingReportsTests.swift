import Testing

@testable import ocm_supervisor

/// What workers are told of their reports.
struct OutstandingReportsTests {
    private let worker = WorkerIdentity(value: 1)

    private func settled(_ reports: inout OutstandingReports, _ sequence: UInt64, _ path: String) -> UInt64? {
        reports.settle(Acknowledgement(worker: worker, sequence: sequence), by: path)
        return reports.release(worker)?.sequence
    }

    @Test("a message is acknowledged when all files that it concerns have it, and those before it too")
    func order() {
        var reports = OutstandingReports()
        reports.take(worker, upTo: 3, missing: ["a": 3, "b": 2])
        reports.take(worker, upTo: 4, missing: ["a": 4])
        reports.take(worker, upTo: 5, missing: [:])
        #expect(settled(&reports, 4, "a") == nil)
        #expect(settled(&reports, 1, "b") == nil)
        #expect(settled(&reports, 2, "b") == 5)
        #expect(reports.release(worker) == nil)
    }

    @Test("messages that concern no file wait for the one before them, however many they are, and take no room")
    func withoutAFile() {
        var reports = OutstandingReports()
        reports.take(worker, upTo: 1, missing: [:])
        #expect(reports.release(worker)?.sequence == 1)
        reports.take(worker, upTo: 2, missing: ["a": 2])
        for number: UInt64 in 3...1000 { reports.take(worker, upTo: number, missing: [:]) }
        // One that is sent again takes nothing back.
        reports.take(worker, upTo: 2, missing: [:])
        #expect(reports.release(worker) == nil)
        #expect(reports.count(of: worker) == 1)
        #expect(settled(&reports, 2, "a") == 1000)
    }

    @Test("after a message that was turned away nothing is taken before it has come again")
    func gap() {
        var reports = OutstandingReports()
        reports.take(worker, upTo: 2, missing: ["a": 2])
        reports.turnAway(worker, from: 3)
        #expect(!reports.mayTake(worker, from: 4))
        #expect(reports.mayTake(worker, from: 3))
        #expect(reports.mayTake(worker, from: 1))
        #expect(reports.mayTake(WorkerIdentity(value: 2), from: 9))
        reports.take(worker, upTo: 3, missing: [:])
        #expect(reports.mayTake(worker, from: 4))
    }

    @Test("a worker is called back once for each time that it was turned away, and then sends everything again")
    func callBack() {
        var reports = OutstandingReports()
        reports.take(worker, upTo: 2, missing: ["a": 2])
        #expect(reports.callBack() == [])
        reports.turnAway(worker, from: 3)
        #expect(reports.callBack() == [worker])
        #expect(reports.callBack() == [])
        // What was taken before is part of what comes again: it is acknowledged then.
        #expect(settled(&reports, 2, "a") == nil)
        #expect(!reports.mayTake(worker, from: 4))
        reports.take(worker, upTo: 3, missing: ["a": 3])
        #expect(settled(&reports, 3, "a") == 3)
        reports.turnAway(worker, from: 4)
        #expect(reports.callBack() == [worker])
        reports.forget(worker)
        #expect(reports.callBack() == [])
        #expect(reports.mayTake(worker, from: 9))
    }
}
