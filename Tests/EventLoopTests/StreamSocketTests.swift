import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@EventLoop func listen() throws -> (Listener, SocketAddress) {
    let descriptor = try Listener.bind(to: .v4(address: 0x7f00_0001, port: 0))
    let local = Listener.localAddress(of: descriptor)
    let address = try #require(local)
    return try (Listener(adopting: descriptor), address)
}

@EventLoop func accepted(_ listener: Listener) async throws -> StreamSocket {
    while true {
        try await listener.acceptable()
        if let connection = try listener.accept() { return connection.socket }
    }
}

@EventLoop func connectedPair() async throws -> (client: StreamSocket, server: StreamSocket) {
    let (listener, address) = try listen()
    let client = try await StreamSocket.connect(to: address, until: .never, wakeup: Wakeup())
    let server = try await accepted(listener)
    listener.close()
    return (client, server)
}

extension StreamSocket {
    /// Reads until something came, the end, or the deadline.
    @EventLoop func receive(capacity: Int = 65536, until deadline: Instant = .never) async throws -> [UInt8] {
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
        defer { space.deallocate() }
        while true {
            switch try read(into: space) {
            case .bytes(let count): return Array(space[..<count])
            case .end: return []
            case .wouldBlock: try await readable(until: deadline)
            }
        }
    }

    @EventLoop func sendAll(_ bytes: [UInt8]) async throws {
        var sent = 0
        while sent < bytes.count {
            sent += try write(bytes.span.extracting(sent..<bytes.count))
            if sent < bytes.count { try await writable(until: .never) }
        }
    }
}

@Suite struct StreamSocketTests {
    @Test func bytesArriveInOrderAndTheEndIsSeen() throws {
        try onLoop {
            let (client, server) = try await connectedPair()
            try await client.sendAll(Array("hello".utf8))
            #expect(try await server.receive() == Array("hello".utf8))
            client.close()
            #expect(try await server.receive() == [])
            server.close()
        }
    }

    @Test func whatHasComeIsKnownBeforeTheLoopHasTurned() throws {
        try onLoop {
            let (client, server) = try await connectedPair()
            #expect(server.isQuiet)
            #expect(try client.write([UInt8]("unasked".utf8).span) == 7)
            #expect(!server.mayRead)
            #expect(!server.isQuiet)
            #expect(try await server.receive() == Array("unasked".utf8))
            #expect(server.isQuiet)
            client.close()
            #expect(!server.isQuiet)
            server.close()
            #expect(!server.isQuiet)
        }
    }

    @Test func dataAndEndThatComeAsOneEdgeAreBothSeen() throws {
        try onLoop {
            let (client, server) = try await connectedPair()
            try await client.sendAll(Array("last words".utf8))
            client.close()
            try await server.readable(until: .never)
            #expect(try await server.receive() == Array("last words".utf8))
            #expect(try await server.receive() == [])
            server.close()
        }
    }

    @Test func aWriterIsHeldBackUntilTheReaderTakesSomething() throws {
        try onLoop {
            let (client, server) = try await connectedPair()
            let block = [UInt8](repeating: 7, count: 1 << 20)
            var written = 0
            while client.mayWrite { written += try client.write(block.span) }
            await #expect(throws: WaitError.timedOut) {
                try await client.writable(until: EventLoop.now + .milliseconds(30))
            }
            var taken = 0
            while taken < written { taken += try await server.receive().count }
            try await client.writable(until: EventLoop.now + .seconds(5))
            #expect(client.mayWrite)
            client.close()
            server.close()
        }
    }

    @Test func aReadThatGetsNothingEndsAtItsDeadline() throws {
        try onLoop {
            let (client, server) = try await connectedPair()
            await #expect(throws: WaitError.timedOut) {
                _ = try await server.receive(until: EventLoop.now + .milliseconds(20))
            }
            client.close()
            server.close()
        }
    }

    @Test func aCancelledTaskLeavesItsWait() throws {
        try onLoop {
            let (client, server) = try await connectedPair()
            let finished = Wakeup()
            let task = EventLoop.spawn {
                await #expect(throws: WaitError.cancelled) { try await server.readable(until: .never) }
                finished.signal()
            }
            await EventLoop.yield()
            task.cancel()
            try await finished.wait(until: EventLoop.now + .seconds(5))
            client.close()
            server.close()
        }
    }

    @Test func aRefusedConnectionSaysSo() throws {
        try onLoop {
            let (listener, address) = try listen()
            listener.close()
            let failure = await #expect(throws: SystemError.self) {
                _ = try await StreamSocket.connect(to: address, until: .never, wakeup: Wakeup())
            }
            #expect(failure?.code == ECONNREFUSED)
        }
    }

    @Test func allIsWrittenHoweverSlowlyItIsTaken() throws {
        try onLoop {
            let (client, server) = try await connectedPair()
            let bytes = (0..<(4 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let writing = EventLoop.spawn { try? await client.writeAll(bytes, until: .never) }
            var received: [UInt8] = []
            while received.count < bytes.count { received += try await server.receive(capacity: 4096) }
            await writing.value
            #expect(received == bytes)
            await #expect(throws: WaitError.timedOut) {
                while true { try await client.writeAll(bytes, until: .now + .milliseconds(20)) }
            }
            client.close()
            server.close()
        }
    }

    @Test func whoGoesOnSendingStillHearsTheLastWordAndIsNotListenedToForEver() throws {
        try onLoop {
            let (client, server) = try await connectedPair()
            try await server.writeAll(Array("enough".utf8), until: .never)
            let lingering = EventLoop.spawn { await server.closeLingering(dropping: 1 << 20, until: .never) }
            let sending = EventLoop.spawn {
                let block = [UInt8](repeating: 7, count: 65536)
                while (try? await client.writeAll(block, until: .never)) != nil {}
            }
            await lingering.value
            await sending.value
            #expect(!server.isOpen)
            client.close()
        }
    }

    @Test func whoNeitherSendsNorGoesIsNotWaitedForLongerThanTheDeadline() throws {
        try onLoop {
            let (client, server) = try await connectedPair()
            await server.closeLingering(dropping: 1 << 20, until: .now + .milliseconds(20))
            #expect(!server.isOpen)
            #expect(try await client.receive() == [])
            client.close()
        }
    }
}
