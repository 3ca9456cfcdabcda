import OCMEventLoop
import Testing

@testable import ocm_supervisor

/// Which service gets which of the service manager's sockets.
struct SocketAssignmentTests {
    private func socket(
        _ name: String, _ number: Int32 = 3, _ kind: HandedDescriptor.Kind = .listener,
        at address: SocketAddress? = SocketAddress(literal: "127.0.0.1", port: 80)
    ) -> HandedDescriptor {
        HandedDescriptor(name: name, number: number, kind: kind, address: address)
    }

    private func listener(_ service: String, _ number: Int32) -> InheritedListeners.Socket {
        InheritedListeners.Socket(service: service, number: number)
    }

    @Test("a service has all sockets that are named for it, in their order")
    func byName() {
        let assignment = SocketAssignment(
            [socket("b", 3), socket("a", 4), socket("b", 5)], services: ["a", "b", "c"])
        #expect(assignment.activated == [listener("b", 3), listener("a", 4), listener("b", 5)])
        #expect(assignment.problems.isEmpty)
    }

    @Test("sockets without a name are the only service's", arguments: ["", "unknown", "ocm.socket"])
    func unnamed(name: String) {
        let assignment = SocketAssignment([socket(name, 3), socket("codex", 4)], services: ["codex"])
        #expect(assignment.activated == [listener("codex", 3), listener("codex", 4)])
        let unclear = SocketAssignment([socket(name)], services: ["a", "b"])
        #expect(unclear.activated.isEmpty)
        #expect(unclear.problems.map(\.fault) == [.unnamed(tags: ["a", "b"])])
    }

    @Test("a tag that looks like a unit's or a stored name is a tag all the same")
    func tagsComeFirst() {
        let tags = ["web.socket", "listen-codex", "codex"]
        let assignment = SocketAssignment([socket("web.socket", 3), socket("listen-codex", 4)], services: tags)
        #expect(assignment.activated == [listener("web.socket", 3), listener("listen-codex", 4)])
    }

    @Test(
        "what can't be served is told, and why",
        arguments: [
            (HandedDescriptor.Kind.noSocket, SocketProblem.Fault.noSocket), (.otherSocket, .notOfStreams),
            (.silentStream, .notListening),
        ])
    func wrongKinds(kind: HandedDescriptor.Kind, fault: SocketProblem.Fault) {
        let assignment = SocketAssignment([socket("codex", 3, kind)], services: ["codex"])
        #expect(assignment.activated.isEmpty)
        #expect(assignment.problems.map(\.fault) == [fault])
    }

    @Test("a family that OCM does not know, and a name that no service has, are told")
    func wrongPlaces() {
        let assignment = SocketAssignment(
            [socket("codex", 3, .listener, at: nil), socket("web", 4)], services: ["codex"])
        #expect(assignment.problems.map(\.fault) == [.foreignFamily, .noService(tags: ["codex"])])
    }

    @Test("a problem says what, which, and the remedy")
    func text() {
        let problem = SocketProblem(socket("web"), .noService(tags: ["codex", "other"]))
        #expect(
            "\(problem)" == """
                the service manager's socket "web" (127.0.0.1:80) has the name of no service: set FileDescriptorName= \
                in its socket unit to "codex" or "other"
                """)
    }

    @Test("OCM's own listeners come back from the store; what is of no use there is let go")
    func stored() {
        let old = socket("listen-gone", 4)
        let dead = socket("listen-codex", 5, .silentStream)
        let assignment = SocketAssignment([socket("listen-codex", 3), old, dead], services: ["codex"])
        #expect(assignment.kept == [listener("codex", 3)])
        #expect(assignment.obsolete == [old, dead])
        #expect(assignment.problems.isEmpty && assignment.activated.isEmpty)
    }

    @Test("inherited listeners are given away once")
    func givenAway() {
        var inherited = InheritedListeners(
            activated: [listener("a", 3), listener("b", 4), listener("a", 5)],
            kept: [listener("a", 6), listener("a", 7)])
        #expect(inherited.takeActivated(for: "a") == [3, 5])
        #expect(inherited.takeActivated(for: "a").isEmpty)
        #expect(inherited.takeKept(for: "a") { $0 == 7 } == 7)
        #expect(inherited.takeKept(for: "a") { $0 == 7 } == nil)
        #expect(inherited.activated == [listener("b", 4)] && inherited.kept == [listener("a", 6)])
    }
}
