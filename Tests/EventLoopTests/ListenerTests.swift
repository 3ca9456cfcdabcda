import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@Suite struct ListenerTests {
    @Test func anAcceptedConnectionTellsWhereItComesFrom() throws {
        try onLoop {
            let (listener, address) = try listen()
            let client = try await StreamSocket.connect(to: address, until: .never, wakeup: Wakeup())
            try await listener.acceptable()
            let accepted = try #require(try listener.accept())
            #expect(accepted.peer?.host == "127.0.0.1")
            #expect(accepted.peer?.port != address.port)
            let another = try listener.accept()
            #expect(another == nil)
            accepted.socket.close()
            client.close()
            listener.close()
        }
    }

    @Test func severalConnectionsAreAcceptedInOneGo() throws {
        try onLoop {
            let (listener, address) = try listen()
            var clients: [StreamSocket] = []
            for _ in 0..<5 {
                clients.append(try await StreamSocket.connect(to: address, until: .never, wakeup: Wakeup()))
            }
            try await listener.acceptable()
            var accepted: [StreamSocket] = []
            while let connection = try listener.accept() { accepted.append(connection.socket) }
            #expect(accepted.count == 5)
            for socket in clients + accepted { socket.close() }
            listener.close()
        }
    }

    @Test func aPausedListenerIsNotWokenButKeepsItsQueue() throws {
        try onLoop {
            let (listener, address) = try listen()
            listener.pause()
            let client = try await StreamSocket.connect(to: address, until: .never, wakeup: Wakeup())
            let woken = Woken()
            let waiting = EventLoop.spawn {
                try? await listener.acceptable()
                woken.count += 1
                woken.wakeup.signal()
            }
            for _ in 0..<10 { await EventLoop.yield() }
            #expect(woken.count == 0)
            try listener.resume()
            try await woken.wakeup.wait(until: EventLoop.now + .seconds(5))
            waiting.cancel()
            let accepted = try #require(try listener.accept())
            accepted.socket.close()
            client.close()
            listener.close()
        }
    }

    @Test func whatCameBeforeThePauseCanStillBeAccepted() throws {
        try onLoop {
            let (listener, address) = try listen()
            let client = try await StreamSocket.connect(to: address, until: .never, wakeup: Wakeup())
            listener.pause()
            let accepted = try #require(try listener.accept())
            let another = try listener.accept()
            #expect(another == nil)
            accepted.socket.close()
            client.close()
            listener.close()
        }
    }

    @Test func aListenerThatQueuedAgainIsWokenForWhatWaitsAndWhatComes() throws {
        try onLoop {
            let (listener, address) = try listen()
            for _ in 0..<3 {
                let client = try await StreamSocket.connect(to: address, until: .never, wakeup: Wakeup())
                try listener.requeue()
                let server = try await accepted(listener)
                try listener.requeue()
                server.close()
                client.close()
            }
            listener.close()
        }
    }

    @Test func aWaitForConnectionsCanBeCancelled() throws {
        try onLoop {
            let (listener, _) = try listen()
            let woken = Woken()
            let waiting = EventLoop.spawn {
                await #expect(throws: WaitError.cancelled) { try await listener.acceptable() }
                woken.wakeup.signal()
            }
            await EventLoop.yield()
            waiting.cancel()
            try await woken.wakeup.wait(until: EventLoop.now + .seconds(5))
            listener.close()
        }
    }

    @Test func aWaitForConnectionsEndsWithTheListener() throws {
        try onLoop {
            let (listener, _) = try listen()
            let woken = Woken()
            EventLoop.spawn {
                try? await listener.acceptable()
                woken.wakeup.signal()
            }
            await EventLoop.yield()
            listener.close()
            try await woken.wakeup.wait(until: EventLoop.now + .seconds(5))
            let connection = try listener.accept()
            #expect(connection == nil)
        }
    }

    @Test func anAddressInUseIsAnError() throws {
        try onLoop {
            let (listener, address) = try listen()
            let failure = #expect(throws: SystemError.self) { _ = try Listener.bind(to: address).number }
            #expect(failure?.code == EADDRINUSE)
            listener.close()
        }
    }
}

@EventLoop private final class Woken {
    var count = 0
    let wakeup = Wakeup()
}
