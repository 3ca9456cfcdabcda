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

    @Test("after a message that a file had no room for it takes nothing before that has come again; others do")
    func gap() {
        var reports = OutstandingReports()
        reports.take(worker, upTo: 2, missing: ["a": 2])
        reports.turnAway(worker, from: 3, by: "a")
        reports.come(worker, from: 4)
        #expect(!reports.mayTake(worker, into: "a") && reports.mayTake(worker, into: "b"))
        #expect(reports.mayTake(WorkerIdentity(value: 2), into: "a"))
        // What others have taken meanwhile is not acknowledged before the rest of it.
        reports.take(worker, upTo: 4, missing: [:])
        #expect(settled(&reports, 2, "a") == 2)
        reports.come(worker, from: 3)
        #expect(reports.mayTake(worker, into: "a"))
        reports.take(worker, upTo: 4, missing: ["a": 4])
        #expect(settled(&reports, 4, "a") == 4)
    }

    @Test("a worker that several files have no room for is called back when all of them have")
    func several() {
        var reports = OutstandingReports()
        reports.turnAway(worker, from: 1, by: "a")
        reports.turnAway(worker, from: 5, by: "b")
        #expect(reports.callBack { $0 == "a" } == [])
        reports.come(worker, from: 2)
        #expect(!reports.mayTake(worker, into: "a"))
        #expect(reports.callBack { _ in true } == [worker])
    }

    @Test("a worker is called back once for each time that it was turned away, and then sends everything again")
    func callBack() {
        var reports = OutstandingReports()
        reports.take(worker, upTo: 2, missing: ["a": 2])
        #expect(reports.callBack { _ in true } == [])
        reports.turnAway(worker, from: 3, by: "a")
        #expect(reports.callBack { $0 != "a" } == [])
        #expect(reports.callBack { $0 == "a" } == [worker])
        #expect(reports.callBack { _ in true } == [])
        // What was taken before is part of what comes again: it is acknowledged then.
        #expect(settled(&reports, 2, "a") == nil)
        reports.come(worker, from: 4)
        #expect(!reports.mayTake(worker, into: "a"))
        reports.come(worker, from: 1)
        reports.take(worker, upTo: 3, missing: ["a": 3])
        #expect(settled(&reports, 3, "a") == 3)
        reports.turnAway(worker, from: 4, by: "a")
        #expect(reports.callBack { _ in true } == [worker])
        reports.forget(worker)
        #expect(reports.callBack { _ in true } == [])
        #expect(reports.mayTake(worker, into: "a"))
    }
}
