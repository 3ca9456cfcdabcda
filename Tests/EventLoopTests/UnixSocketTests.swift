import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@Suite struct UnixSocketTests {
    @Test func aConnectionCarriesBytesBothWaysAndKnowsItsPeer() throws {
        try onLoop {
            let (listener, address) = try listenUnix()
            let client = try await StreamSocket.connect(to: address, until: .never, wakeup: Wakeup())
            try await listener.acceptable()
            let server = try #require(try listener.accept()).socket
            #expect(try await transferred("ping", from: client, to: server) == "ping")
            #expect(try await transferred("pong", from: server, to: client) == "pong")
            for end in [client, server] {
                let peer = try end.peerCredentials()
                #expect(peer.process == getpid())
                #expect(peer.user == geteuid())
                #expect(peer.isMember(of: getegid()))
                end.close()
            }
            close(listener, address)
        }
    }

    @Test func supplementaryGroupsMakeMembers() {
        let peer = PeerCredentials(process: 1, user: 2, group: 3, supplementaryGroups: [4, 5])
        #expect(peer.isMember(of: 3) && peer.isMember(of: 4) && peer.isMember(of: 5))
        #expect(!peer.isMember(of: 2) && !peer.isMember(of: 6))
    }

    @Test func aBoundSocketNamesItsPath() throws {
        try onLoop {
            let path = temporaryPath()
            let descriptor = try Listener.bind(to: .unix(path: path))
            #expect(Listener.localAddress(of: descriptor) == .unix(path: path))
            unlink(path)
        }
    }

    @Test(arguments: [
        ("/" + String(repeating: "x", count: 107), ENAMETOOLONG), ("", EINVAL), ("/tmp/a\0b", EINVAL),
    ])
    func aPathThatWouldBecomeAnotherIsRefused(path: String, code: Int32) throws {
        try onLoop {
            let bound = #expect(throws: SystemError.self) { _ = try Listener.bind(to: .unix(path: path)).number }
            #expect(bound?.code == code)
            let dialled = await #expect(throws: SystemError.self) {
                _ = try await StreamSocket.connect(to: .unix(path: path), until: .never, wakeup: Wakeup())
            }
            #expect(dialled?.code == code)
        }
    }

    @Test func theLongestPathWorks() throws {
        try onLoop {
            let directory = temporaryPath()
            mkdir(directory, 0o700)
            let room = SocketAddress.longestPath - directory.utf8.count - 1
            let address = SocketAddress.unix(path: directory + "/" + String(repeating: "x", count: room))
            let listener = try Listener(adopting: try Listener.bind(to: address))
            let client = try await StreamSocket.connect(to: address, until: .never, wakeup: Wakeup())
            client.close()
            close(listener, address)
            rmdir(directory)
        }
    }

    @Test func whatNobodyListensOnIsRefused() throws {
        try onLoop {
            let path = temporaryPath()
            #expect(await failure(of: path) == ENOENT)
            _ = try Listener.bind(to: .unix(path: path)).number
            #expect(await failure(of: path) == ECONNREFUSED)
            unlink(path)
        }
    }

    @Test func aListenerWithoutRoomIsNotWaitedFor() throws {
        try onLoop {
            let path = temporaryPath()
            let descriptor = try Listener.bind(to: .unix(path: path), backlog: 0)
            let first = try await StreamSocket.connect(to: .unix(path: path), until: .never, wakeup: Wakeup())
            #expect(await failure(of: path) == EAGAIN)
            first.close()
            #expect(descriptor.number >= 0)
            unlink(path)
        }
    }
}

private func temporaryPath() -> String {
    "/tmp/ocm-unix-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
}

@EventLoop private func listenUnix() throws -> (Listener, SocketAddress) {
    let address = SocketAddress.unix(path: temporaryPath())
    return (try Listener(adopting: try Listener.bind(to: address)), address)
}

@EventLoop private func close(_ listener: Listener, _ address: SocketAddress) {
    listener.close()
    unlink(address.host)
}

@EventLoop private func failure(of path: String) async -> Int32? {
    do throws(SystemError) {
        try await StreamSocket.connect(to: .unix(path: path), until: .never, wakeup: Wakeup()).close()
        return nil
    } catch {
        return error.code
    }
}

@EventLoop private func transferred(
    _ text: String, from sender: StreamSocket, to receiver: StreamSocket
) async throws -> String {
    let bytes = Array(text.utf8)
    #expect(try sender.write(bytes.span) == bytes.count)
    let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 1)
    defer { space.deallocate() }
    while true {
        switch try receiver.read(into: space) {
        case .bytes(let count): return String(decoding: space[..<count], as: UTF8.self)
        case .wouldBlock: try await receiver.readable(until: EventLoop.now + .seconds(5))
        case .end: return ""
        }
    }
}
