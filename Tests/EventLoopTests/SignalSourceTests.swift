import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@Suite struct SignalSourceTests {
    /// To the loop's thread alone, since the other threads of the tests do not block it.
    @EventLoop private func send(_ signal: Int32) { pthread_kill(pthread_self(), signal) }

    @Test func signalsAreWaitedForAndToldApart() throws {
        try onLoop {
            let source = try SignalSource([SIGUSR1, SIGUSR2])
            EventLoop.spawn { self.send(SIGUSR2) }
            #expect(try await source.next() == SIGUSR2)
            EventLoop.spawn { self.send(SIGUSR1) }
            #expect(try await source.next() == SIGUSR1)
        }
    }

    @Test func signalsThatComeTogetherAreAllTold() throws {
        try onLoop {
            let source = try SignalSource([SIGUSR1, SIGUSR2])
            send(SIGUSR1)
            send(SIGUSR2)
            let first = try await source.next()
            let second = try await source.next()
            #expect(Set([first, second]) == [SIGUSR1, SIGUSR2])
        }
    }

    @Test func aSignalBlockedHereIsNotInAChild() throws {
        try onLoop {
            let source = try SignalSource([SIGUSR1])
            let script = "kill -USR1 $$; exit 3"
            let child = try ChildProcess(.init(path: "/bin/sh", arguments: ["sh", "-c", script]))
            #expect(try await child.exit() == .signal(SIGUSR1))
            send(SIGUSR1)
            #expect(try await source.next() == SIGUSR1)
        }
    }
}
