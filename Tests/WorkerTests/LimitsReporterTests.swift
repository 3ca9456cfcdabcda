import LoopTestSupport
import OCMEventLoop
import OCMHTTP
import OCMIPC
import Testing

@testable import ocm_worker

@Suite("The supervisor is told of limits")
struct LimitsReporterTests {
    @Test("at once, then once a second at most, and never without the last of them")
    func once() throws {
        try onLoop {
            let (supervisor, link) = try Self.ends()
            let reporter = LimitsReporter(service: "work", link: link)
            let start = EventLoop.now
            for used in 1...1000 { _ = try reporter.read(used: used, generation: 5) }
            #expect(try await supervisor.used() == 1)
            #expect(try await supervisor.used() == 1000)
            #expect(EventLoop.now - start >= .seconds(1))
        }
    }

    @Test("not again of what they know, unless it is under another credential")
    func repetition() throws {
        try onLoop {
            let (supervisor, link) = try Self.ends()
            let reporter = LimitsReporter(service: "work", link: link)
            for _ in 0..<1000 { _ = try reporter.read(used: 7, generation: 5) }
            let told = try #require(try await supervisor.told())
            #expect(told.generation == 5)
            _ = try reporter.read(used: 7, generation: 6)
            let again = try #require(try await supervisor.told())
            #expect(again.generation == 6 && again.limits == told.limits)
            #expect(try await supervisor.told(within: .milliseconds(1500)) == nil)
        }
    }

    @Test("of every limit, where several responses within a second each speak of another")
    func merged() throws {
        try onLoop {
            let (supervisor, link) = try Self.ends()
            let reporter = LimitsReporter(service: "work", link: link)
            for limit in ["a", "b", "c"] { _ = try reporter.read(used: 1, limit: limit, generation: 5) }
            #expect(try await supervisor.told()?.limits.families.map(\.limit) == ["a"])
            #expect(try await supervisor.told()?.limits.families.map(\.limit) == ["b", "c"])
        }
    }

    @Test("once more when the same credential comes from another supervisor, with the time when they were seen")
    func tellAgain() throws {
        try onLoop {
            let (supervisor, link) = try Self.ends()
            let reporter = LimitsReporter(service: "work", link: link)
            reporter.tellAgain(of: 8)
            _ = try reporter.read(used: 7, generation: 5)
            let told = try #require(try await supervisor.told())
            reporter.tellAgain(of: 9)
            let again = try #require(try await supervisor.told())
            #expect(again == SeenLimits(generation: 9, time: told.time, limits: told.limits))
        }
    }

    @Test("the week comes from the same reading, told or not")
    func week() throws {
        try onLoop {
            let (supervisor, link) = try Self.ends()
            supervisor.close()
            let reporter = LimitsReporter(service: "work", link: link)
            #expect(try reporter.read(used: 7, generation: 5) == 1_779_395_220)
            #expect(try reporter.read(used: 8, generation: 5) == 1_779_395_220)
        }
    }

    @EventLoop private static func ends() throws -> (SupervisorEnd, SupervisorLink) {
        let (ours, theirs) = try PacketSocket.pair()
        return (
            try SupervisorEnd(adopting: FileDescriptor(owning: ours)),
            SupervisorLink(channel: try Channel(adopting: FileDescriptor(owning: theirs)))
        )
    }
}

private typealias SupervisorEnd = Channel<SupervisorMessage, WorkerMessage>

extension LimitsReporter {
    /// A response that says how much of the week is used.
    fileprivate func read(used: Int, limit: String = "codex", generation: UInt64) throws -> Int64 {
        let text = """
            HTTP/1.1 200 OK\r\nx-\(limit)-primary-used-percent: \(used)\r\nx-\(limit)-primary-window-minutes: 10080\r
            x-\(limit)-primary-reset-at: 1780000020\r\n\r\n
            """
        let bytes = Array(text.utf8)
        var head = ResponseHead()
        #expect(try head.parse(bytes.span, answering: .post) == bytes.count)
        return read(head, of: bytes.span, generation: generation)
    }
}

extension Channel<SupervisorMessage, WorkerMessage> {
    /// The next message; nil where none comes in time.
    @EventLoop fileprivate func told(within patience: Duration = .seconds(10)) async throws -> SeenLimits? {
        do {
            guard let received = try await receive(until: EventLoop.now + patience) else { return nil }
            guard case .limits("work", let seen) = received.message else { return nil }
            return seen
        } catch ChannelError.wait(.timedOut) {
            return nil
        }
    }

    @EventLoop fileprivate func used() async throws -> UInt32? {
        try await told()?.limits.families.first?.primary?.used.map { $0 / 100 }
    }
}
