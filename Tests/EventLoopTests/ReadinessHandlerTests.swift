import LoopTestSupport
import OCMEventLoop
import Testing

@Suite struct ReadinessHandlerTests {
    @Test func whatAHandlerSeesToDoesNotEndTheWait() throws {
        try onLoop {
            let (client, server) = try await connectedPair()
            let handler = Reader(server, until: 3)
            server.wakeup.handler = handler
            EventLoop.spawn {
                for byte in 1...3 as ClosedRange<UInt8> {
                    try? await client.sendAll([byte])
                    try? await EventLoop.sleep(for: .milliseconds(5))
                }
            }
            try await server.wakeup.wait(until: EventLoop.now + .seconds(10))
            // The third byte is the one that it left to the task, which is not resumed before.
            #expect(handler.bytes == [1, 2, 3])
            server.wakeup.handler = nil
            client.close()
            server.close()
        }
    }

    @Test func aHandlerIsAskedOnlyWhileTheTaskWaits() throws {
        try onLoop {
            let (client, server) = try await connectedPair()
            let handler = Reader(server, until: 1)
            server.wakeup.handler = handler
            try await client.sendAll([1])
            for _ in 0..<10 { await EventLoop.yield() }
            #expect(handler.bytes.isEmpty)
            // What came meanwhile is a signal that is kept.
            try await server.wakeup.wait(until: EventLoop.now + .seconds(10))
            #expect(try await server.receive() == [1])
            server.wakeup.handler = nil
            client.close()
            server.close()
        }
    }

    @Test func whoIsNeverCancelledWaitsForASignalOrItsDeadline() throws {
        try onLoop {
            let wakeup = Wakeup()
            wakeup.signal()
            #expect(await wakeup.isSignalled(by: EventLoop.now + .seconds(10)))
            #expect(await !wakeup.isSignalled(by: EventLoop.now + .milliseconds(2)))
            EventLoop.spawn { wakeup.signal() }
            #expect(await wakeup.isSignalled(by: EventLoop.now + .seconds(10)))
            #expect(await !wakeup.isSignalled(by: EventLoop.now))
        }
    }

    @Test func aSignalOfAnotherKindGoesToTheTask() throws {
        try onLoop {
            let (client, server) = try await connectedPair()
            let handler = Reader(server, until: 100)
            server.wakeup.handler = handler
            EventLoop.spawn { server.wakeup.signal() }
            try await server.wakeup.wait(until: EventLoop.now + .seconds(10))
            #expect(handler.bytes.isEmpty)
            server.wakeup.handler = nil
            client.close()
            server.close()
        }
    }
}

/// Reads in the turn in which something comes, and leaves the last byte to the task.
@EventLoop private final class Reader: ReadinessHandler {
    private let socket: StreamSocket
    private let count: Int
    private(set) var bytes: [UInt8] = []

    init(_ socket: StreamSocket, until count: Int) {
        self.socket = socket
        self.count = count
    }

    func handleReadiness() -> Bool {
        var space: [UInt8] = [0, 0, 0, 0]
        let outcome = space.withUnsafeMutableBytes { try? socket.read(into: $0) }
        if case .bytes(let read) = outcome { bytes += space[..<read] }
        return bytes.count < count
    }
}
