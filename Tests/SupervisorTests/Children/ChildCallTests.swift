import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@testable import ocm_supervisor

@Suite struct ChildCallTests {
    @EventLoop private func failure(
        of program: String, _ command: String = "test", within time: Duration
    ) async throws -> ChildFailure? {
        let call = ChildCall(program: program, command: command)
        do throws(ChildFailure) {
            _ = try await call.answer(to: Secret(Array("question".utf8).span), limit: 100, until: EventLoop.now + time)
            return nil
        } catch {
            return error
        }
    }

    /// It has said all that it will say, so only its end is waited for.
    @Test func aChildThatDoesNotEndAfterItsAnswerIsEndedAtTheDeadline() throws {
        let directory = TemporaryDirectory()
        directory.write(
            "read question; echo $$ > \(directory.path)/pid; exec 0<&- 1>&-; exec /bin/sleep 1000\n", to: "child")
        try onLoop {
            let found = try await failure(of: "/bin/sh", directory.path + "/child", within: .seconds(3))
            #expect(found == .timedOut)
            let pid = try #require(directory.read("pid").flatMap { Int32($0.dropLast()) })
            while kill(pid, 0) == 0 { try await EventLoop.sleep(for: .milliseconds(10)) }
        }
    }

    @Test func aChildThatCanNotBeStartedLeavesNothingOpen() throws {
        try onLoop {
            func open() -> Int { (0..<4000).count { fcntl($0, F_GETFD) >= 0 } }
            let before = open()
            for _ in 0..<300 {
                let found = try await failure(of: "/nonexistent/program", within: .seconds(10))
                guard case .system = found else { return #expect(Bool(false), "\(String(describing: found))") }
            }
            // Tests beside this one open files, too, though not as many.
            #expect(open() < before + 150)
        }
    }
}
