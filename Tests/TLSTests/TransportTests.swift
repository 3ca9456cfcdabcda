import Glibc
import LoopTestSupport
import OCMEventLoop
import OCMTLS
import Testing

/// A transport without TLS is the socket.
@Suite struct TransportTests {
    @EventLoop private func pair() throws -> (Transport, Transport) {
        let (socket, other) = try StreamSocket.pair(wakeup: Wakeup())
        #expect(fcntl(other, F_SETFL, O_NONBLOCK) == 0)
        let peer = try StreamSocket(adopting: FileDescriptor(owning: other), wakeup: Wakeup())
        return (.plain(socket), .plain(peer))
    }

    @Test func aPlainTransportCarriesBytesAndTheirEnd() throws {
        try onLoop {
            let (here, there) = try pair()
            #expect(try here.write(Array("ab".utf8).span, Array("cd".utf8).span) == 4)
            #expect(try await there.receive() == Array("abcd".utf8))
            #expect(!there.mayRead)
            here.shutdownSending()
            #expect(try await there.receive() == [])
            #expect(there.isHungUp && !here.isHungUp)
            #expect(try there.write(Array("e".utf8).span) == 1)
            #expect(try await here.receive() == Array("e".utf8))
            here.close()
            there.close()
            #expect(!here.isOpen)
        }
    }

    @Test func aPlainTransportsFailureIsTheSystems() throws {
        try onLoop {
            let (here, there) = try pair()
            there.close()
            try await here.readable(until: EventLoop.now + .seconds(5))
            #expect(throws: TransportError.system(SystemError("send", EPIPE))) { try here.write([1].span) }
            here.close()
        }
    }

    @Test func theWakeupCanBeShared() throws {
        try onLoop {
            let (here, there) = try pair()
            let shared = Wakeup()
            here.wakeup = shared
            #expect(here.socket.wakeup === shared)
            #expect(try there.write([1].span) == 1)
            try await shared.wait(until: EventLoop.now + .seconds(5))
            #expect(here.mayRead)
            here.close()
            there.close()
        }
    }
}
