import Testing

@testable import ocm_supervisor

@Suite struct UsageRoutesTests {
    private let worker = WorkerIdentity(value: 1)
    private let other = WorkerIdentity(value: 2)

    @Test func whatWasReportedBeforeAChangeGoesWhereItWentAlsoWhenItComesAgain() {
        var routes = UsageRoutes(["a": "/old"])
        routes.note(worker, through: 5)
        routes.change(to: ["a": "/new"])
        #expect(routes.path(of: "a", for: worker, 5) == "/old")
        #expect(routes.path(of: "a", for: worker, 6) == "/new")
        #expect(routes.path(of: "a", for: other, 1) == "/new")
        #expect(routes.paths == ["/old", "/new"])
    }

    @Test func aFileIsOutOfUseWhenAllThatWentThereIsSettled() {
        var routes = UsageRoutes(["a": "/old"])
        routes.note(worker, through: 5)
        routes.note(other, through: 9)
        routes.change(to: ["a": "/new"])
        routes.settle(worker, through: 4)
        routes.settle(other, through: 20)
        #expect(routes.paths == ["/old", "/new"])
        routes.settle(worker, through: 5)
        #expect(routes.paths == ["/new"])
    }

    @Test func aFileIsOutOfUseWhenTheWorkersThatReportedThereHaveEnded() {
        var routes = UsageRoutes(["a": "/old"])
        routes.note(worker, through: 5)
        routes.change(to: [:])
        #expect(routes.path(of: "a", for: worker, 5) == "/old")
        routes.forget(worker)
        #expect(routes.paths.isEmpty)
        #expect(routes.path(of: "a", for: worker, 5) == nil)
    }

    @Test func severalChangesKeepTheirOwnBounds() {
        var routes = UsageRoutes(["a": "/1"])
        routes.note(worker, through: 10)
        routes.change(to: ["a": "/2"])
        routes.note(worker, through: 20)
        routes.change(to: ["a": "/3"])
        #expect([10, 11, 20, 21].map { routes.path(of: "a", for: worker, $0) } == ["/1", "/2", "/2", "/3"])
        routes.settle(worker, through: 12)
        #expect([11, 20, 21].map { routes.path(of: "a", for: worker, $0) } == ["/2", "/2", "/3"])
    }

    @Test func theSameFilesAreNoChange() {
        var routes = UsageRoutes(["a": "/1"])
        routes.note(worker, through: 10)
        routes.change(to: ["a": "/1"])
        #expect(routes.paths == ["/1"])
    }
}
