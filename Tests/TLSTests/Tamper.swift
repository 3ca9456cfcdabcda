import LoopTestSupport
import OCMEventLoop
import Testing

/// A relay between a client and a server that can be told to cut or damage the server's next bytes.
@EventLoop final class Tamper {
    enum Fault { case none, cut, damage }

    /// The client's end.
    let client: StreamSocket
    var fault = Fault.none
    private let near: StreamSocket
    private let far: StreamSocket
    private let wakeup = Wakeup()

    init(_ server: SecureServer) async throws {
        let descriptor = try Listener.bind(to: .v4(address: 0x7f00_0001, port: 0))
        let local = Listener.localAddress(of: descriptor)
        let address = try #require(local)
        let listener = try Listener(adopting: descriptor)
        client = try await StreamSocket.connect(to: address, until: .never, wakeup: Wakeup())
        try await listener.acceptable()
        near = try #require(try listener.accept()).socket
        far = try await server.connect()
        (near.wakeup, far.wakeup) = (wakeup, wakeup)
        listener.close()
        EventLoop.spawn { try? await self.relay() }
    }

    private func relay() async throws {
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 1)
        defer { space.deallocate() }
        while true {
            if case .bytes(let count) = try near.read(into: space) {
                _ = try far.write(Array(space[..<count]).span)
            } else if case .bytes(let count) = try far.read(into: space) {
                var bytes = Array(space[..<count])
                switch fault {
                case .none: break
                case .cut: bytes.removeLast()
                case .damage: bytes[count - 1] ^= 1
                }
                _ = try near.write(bytes.span)
                if fault == .cut { near.shutdownSending() }
            } else {
                try await wakeup.wait()
            }
        }
    }

    func end() {
        near.close()
        far.close()
        wakeup.signal()
    }
}
