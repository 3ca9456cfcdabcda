import OCMIPC
import Testing

@testable import ocm_worker

@Suite struct WorkerLifeTests {
    private func serving(canBeFound: Bool = true) -> WorkerLife {
        var life = WorkerLife(canBeFound: canBeFound)
        #expect(life.greeted().isEmpty)
        life.configured()
        return life
    }

    private func lost(_ actions: [WorkerLife.Action]) throws -> Int {
        let loss: Int? = if case .awaitNext(let loss)? = actions.first { loss } else { nil }
        return try #require(loss)
    }

    @Test func aWorkerThatWasNeverConfiguredEndsWithItsSupervisor() {
        var life = WorkerLife(canBeFound: true)
        #expect(life.supervisorLost(unreported: 0) == [.end])
    }

    @Test func aDrainUnderTheSupervisorEndsWithDrainedOnceEverythingIsReported() {
        var life = serving()
        #expect(life.drainAsked(within: 5, unreported: 2) == [.drain(milliseconds: 5)])
        #expect(life.drained(unreported: 2).isEmpty)
        #expect(life.settled(unreported: 1).isEmpty)
        #expect(life.settled(unreported: 0) == [.sayDrained])
        #expect(life.settled(unreported: 0).isEmpty)
        #expect(life.supervisorLost(unreported: 0) == [.end])
    }

    @Test func aSecondDrainHasAnotherDeadline() {
        var life = serving()
        #expect(life.drainAsked(within: 1000, unreported: 0) == [.drain(milliseconds: 1000)])
        #expect(life.drainAsked(within: 5, unreported: 0) == [.drain(milliseconds: 5)])
    }

    @Test func aLostWorkerComesBackToTheNextSupervisorAndServesOn() throws {
        var life = serving()
        let loss = try lost(life.supervisorLost(unreported: 3))
        #expect(!life.permits(.credential) && !life.permits(.hello))
        life.supervisorFound()
        #expect(life.permits(.hello) && !life.permits(.credential))
        #expect(life.greeted() == [.comeBack])
        #expect(life.permits(.credential) && life.permits(.drain))
        #expect(life.patienceEnded(loss: loss).isEmpty)
        #expect(life.work == .serving)
    }

    @Test func aSupervisorThatEndsBeforeItsHelloIsAnotherLossAndNoEnd() throws {
        var life = serving()
        let first = try lost(life.supervisorLost(unreported: 0))
        life.supervisorFound()
        let second = try lost(life.supervisorLost(unreported: 0))
        #expect(first != second)
        #expect(life.patienceEnded(loss: first).isEmpty)
        #expect(life.patienceEnded(loss: second) == [.drain(milliseconds: WorkerLife.lastDrain)])
    }

    @Test func usageThatNobodyHasTakenOutlivesTheDrain() throws {
        var life = serving()
        let loss = try lost(life.supervisorLost(unreported: 1))
        #expect(life.patienceEnded(loss: loss) == [.drain(milliseconds: WorkerLife.lastDrain)])
        #expect(life.drained(unreported: 1).isEmpty)
        var forgotten = life
        #expect(forgotten.hopeEnded(loss: loss) == [.end])
        life.supervisorFound()
        #expect(life.greeted() == [.comeBack])
        #expect(life.settled(unreported: 0).isEmpty)
        #expect(life.drainAsked(within: 5, unreported: 0) == [.sayDrained])
    }

    @Test func aLostWorkerWithNothingOpenAndNothingToReportEnds() throws {
        var life = serving()
        let loss = try lost(life.supervisorLost(unreported: 0))
        #expect(life.patienceEnded(loss: loss) == [.drain(milliseconds: WorkerLife.lastDrain)])
        #expect(life.drained(unreported: 0) == [.end])
    }

    @Test func withoutAWayBackWhatIsOpenIsFinishedAndThatIsAll() {
        var life = serving(canBeFound: false)
        #expect(life.supervisorLost(unreported: 1) == [.drain(milliseconds: WorkerLife.lastDrain)])
        #expect(life.drained(unreported: 1) == [.end])
    }

    @Test func aLossDuringADrainDoesNotStartItAgain() throws {
        var life = serving()
        #expect(life.drainAsked(within: 5, unreported: 1) == [.drain(milliseconds: 5)])
        let loss = try lost(life.supervisorLost(unreported: 1))
        #expect(life.patienceEnded(loss: loss).isEmpty)
        life.supervisorFound()
        #expect(life.greeted() == [.comeBack])
        #expect(life.drained(unreported: 1).isEmpty)
        #expect(life.drainAsked(within: 5, unreported: 1).isEmpty)
        #expect(life.settled(unreported: 0) == [.sayDrained])
    }

    @Test func anotherConfigurationIsTakenUnderWayAndEndsNoDrain() {
        var life = serving()
        #expect(life.permits(.configure) && life.permits(.log) && life.permits(.ping))
        life.configured()
        #expect(life.work == .serving)
        #expect(life.drainAsked(within: 5, unreported: 0) == [.drain(milliseconds: 5)])
        #expect(life.permits(.configure) && life.permits(.log) && life.permits(.ping))
        life.configured()
        #expect(life.work == .draining)
        #expect(!life.permits(.listen))
    }
}
