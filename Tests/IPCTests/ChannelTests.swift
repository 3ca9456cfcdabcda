import Glibc
import LoopTestSupport
import OCMEventLoop
import OCMIPC
import Testing

@Suite struct ChannelTests {
    @Test func messagesArriveBothWaysInTheirOrder() throws {
        try onLoop {
            let (supervisor, worker) = try channels()
            for sequence in 0..<50 {
                try supervisor.send(.acknowledge(sequence: UInt64(sequence)))
                try worker.send(.ready(generation: UInt64(sequence)))
            }
            for sequence in 0..<50 {
                #expect(encoded(try #require(try await worker.next())) == encodedInteger(sequence))
                #expect(encoded(try #require(try await supervisor.next())) == encodedInteger(sequence))
            }
            supervisor.close()
            worker.close()
        }
    }

    @Test func aListenerThatIsHandedOverAccepts() throws {
        try onLoop {
            let (supervisor, worker) = try channels()
            let listener = try Listener.bind(to: .v4(address: 0x7f00_0001, port: 0))
            let local = Listener.localAddress(of: listener)
            let address = try #require(local)
            try supervisor.send(.listen(service: "work"), descriptors: [listener.number])
            let handedOver = try await worker.nextListener()
            #expect(handedOver.number != listener.number)
            #expect(fcntl(handedOver.number, F_GETFD) & FD_CLOEXEC != 0)
            let accepting = try Listener(adopting: handedOver)
            let client = try await StreamSocket.connect(to: address, until: .never, wakeup: Wakeup())
            try await accepting.acceptable()
            let accepted = try #require(try accepting.accept())
            accepted.socket.close()
            client.close()
            accepting.close()
            supervisor.close()
            worker.close()
        }
    }

    @Test func aLargeConfigurationArrivesWhole() throws {
        try onLoop {
            let (supervisor, worker) = try channels()
            let roots = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let configuration = Samples.configuration(services: [Samples.service("work")], roots: roots)
            try supervisor.send(.configure(configuration))
            try supervisor.send(.acknowledge(sequence: 9))
            guard case .configure(let received) = try await worker.next() else { throw Unexpected() }
            #expect(received == configuration)
            guard case .acknowledge(9) = try await worker.next() else { throw Unexpected() }
            supervisor.close()
            worker.close()
        }
    }

    @Test func whatTheSocketDoesNotTakeWaitsAndFollowsInOrder() throws {
        try onLoop {
            let (supervisor, worker) = try channels()
            let count = 2000
            let roots = [UInt8](repeating: 10, count: 100_000)
            for sequence in 0..<count { try supervisor.send(.acknowledge(sequence: UInt64(sequence))) }
            #expect(supervisor.backlog > 0)
            // A memory file and a listener have to wait too; the sender's own descriptors may go meanwhile.
            try supervisor.send(.configure(Samples.configuration(services: [], roots: roots)))
            try sendListener(on: supervisor)
            EventLoop.spawn { _ = try? await supervisor.receive() }
            for sequence in 0..<count {
                guard case .acknowledge(UInt64(sequence)) = try await worker.next() else { throw Unexpected() }
            }
            guard case .configure(let configuration) = try await worker.next() else { throw Unexpected() }
            #expect(configuration.roots == roots)
            let listener = try await worker.nextListener()
            let address = Listener.localAddress(of: listener)
            #expect(address?.family == AF_INET)
            #expect(supervisor.backlog == 0)
            worker.close()
            await EventLoop.yield()
            supervisor.close()
        }
    }

    @EventLoop private func sendListener(on channel: SupervisorEnd) throws {
        let listener = try Listener.bind(to: .v4(address: 0x7f00_0001, port: 0))
        try channel.send(.listen(service: "work"), descriptors: [listener.number])
    }

    @Test func theEndIsSeenBehindWhatWasSaid() throws {
        try onLoop {
            let (supervisor, worker) = try channels()
            try worker.send(.ready(generation: 1))
            try worker.send(.drained)
            worker.close()
            guard case .ready = try await supervisor.next() else { throw Unexpected() }
            guard case .drained = try await supervisor.next() else { throw Unexpected() }
            #expect(try await supervisor.next() == nil)
            supervisor.close()
        }
    }

    @Test func theEndWakesWhoWaitsForIt() throws {
        try onLoop {
            let (supervisor, worker) = try channels()
            EventLoop.spawn { worker.close() }
            #expect(try await supervisor.next() == nil)
            supervisor.close()
        }
    }

    @Test func noMessageComesAfterTheDeadline() throws {
        try onLoop {
            let (supervisor, worker) = try channels()
            await #expect(throws: ChannelError.wait(.timedOut)) {
                guard try await supervisor.receive(until: EventLoop.now + .milliseconds(5)) == nil else { return }
            }
            supervisor.close()
            worker.close()
        }
    }

    /// A worker that is killed leaves unread what it was told last; what it had said before counts all the same.
    @Test func whatAPeerSaidCountsThoughItEndedWithoutReading() throws {
        try onLoop {
            let (supervisor, worker) = try channels()
            for sequence in 1...3 { try worker.send(.usage(sequence: UInt64(sequence), [Samples.ordinaryRecord])) }
            try supervisor.send(.acknowledge(sequence: 0))
            worker.close()
            for sequence in 1...3 {
                guard case .usage(UInt64(sequence), [Samples.ordinaryRecord]) = try await supervisor.next() else {
                    throw Unexpected()
                }
            }
            #expect(try await supervisor.next() == nil)
            supervisor.close()
        }
    }

    @Test func whatAPeerSaidCountsThoughItCanBeToldNoMore() throws {
        try onLoop {
            let (supervisor, worker) = try channels()
            try worker.send(.usage(sequence: 1, [Samples.ordinaryRecord]))
            while supervisor.backlog == 0 { try supervisor.send(.acknowledge(sequence: 0)) }
            worker.close()
            guard case .usage(1, _) = try await supervisor.next() else { throw Unexpected() }
            #expect(try await supervisor.next() == nil)
            supervisor.close()
        }
    }

    @Test func messagesThatGatherCostFewerWakeUps() throws {
        try onLoop {
            let eager = try await wakeUps(gatherTime: .zero)
            let gathering = try await wakeUps(gatherTime: .milliseconds(20))
            #expect(eager >= 40)
            #expect(gathering <= eager / 4)
        }
    }

    /// The number of times that the supervisor had to look at its socket for forty messages in a row of turns.
    @EventLoop private func wakeUps(gatherTime: Duration) async throws -> Int {
        let (supervisor, worker) = try channels(gatherTime: gatherTime)
        let sent = Turns()
        EventLoop.spawn {
            for sequence in 0..<40 {
                try? worker.send(.ready(generation: UInt64(sequence)))
                sent.count += 1
                await EventLoop.yield()
                await EventLoop.yield()
            }
        }
        var bursts = 0
        var seen = -1
        for sequence in 0..<40 {
            guard case .ready(UInt64(sequence)) = try await supervisor.next() else { throw Unexpected() }
            // More had been sent than at the last look: this one was a new look.
            if sequence > seen {
                bursts += 1
                seen = sent.count - 1
            }
        }
        supervisor.close()
        worker.close()
        return bursts
    }
}

@EventLoop private final class Turns {
    var count = 0
}

private func encodedInteger(_ value: Int) -> [UInt8] {
    var encoder = MessageEncoder()
    encoder.put(UInt64(value))
    return encoder.bytes
}
