import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@testable import ocm_supervisor

@Suite("Waiting for the browser")
struct CallbackServerTests {
    @Test("who does not come back in time is not waited for")
    func expiry() throws {
        try onLoop {
            let server = try CallbackServer(state: Secret("s"), port: 0, until: EventLoop.now + .milliseconds(30)) {}
            defer { server.close() }
            await #expect(throws: LoginFailure.expired) { _ = try await server.next() }
        }
    }

    @Test("a port that is taken is said to be, with who has it")
    func portInUse() throws {
        try onLoop {
            let first = try CallbackServer(state: Secret("s"), port: 0, until: .never) {}
            defer { first.close() }
            do {
                _ = try CallbackServer(state: Secret("s"), port: first.boundPort, until: .never) {}
                Issue.record("bound twice")
            } catch LoginFailure.portInUse(let holder) {
                #expect(holder?.process == getpid())
            }
        }
    }
}
