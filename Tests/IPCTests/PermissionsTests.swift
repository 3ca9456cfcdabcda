import OCMIPC
import Testing

@Suite struct PermissionsTests {
    @Test func everyKindIsPermittedInSomeState() {
        #expect(Set(WorkerMessage.Kind.permitted.values.joined()) == Set(WorkerMessage.Kind.allCases))
        #expect(Set(SupervisorMessage.Kind.permitted.values.joined()) == Set(SupervisorMessage.Kind.allCases))
    }

    @Test(arguments: WorkerState.allCases) func bothTablesKnowEveryState(_ state: WorkerState) {
        #expect(WorkerMessage.Kind.permitted[state]?.isEmpty == false)
        // A worker has said all that it has when it has come back: it takes nothing in between.
        #expect((SupervisorMessage.Kind.permitted[state] ?? []).isEmpty == (state == .returning))
    }

    @Test func nothingComesBeforeTheHelloAndNoSecondOneEver() {
        #expect(WorkerMessage.Kind.permitted[.started] == [.hello])
        #expect(SupervisorMessage.Kind.permitted[.started] == [.hello])
        for state in WorkerState.allCases where state != .started {
            #expect(WorkerMessage.Kind.permitted[state]?.contains(.hello) == false)
            #expect(SupervisorMessage.Kind.permitted[state]?.contains(.hello) != true)
        }
    }
}
