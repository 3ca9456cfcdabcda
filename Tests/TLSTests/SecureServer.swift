import Glibc
import LoopTestSupport
import OCMEventLoop
import OCMTLS
import Testing

/// An `openssl s_server` on a port of its own, ended with the test.
@EventLoop final class SecureServer {
    let child: ChildProcess
    /// Its standard input and output.
    let console: StreamSocket
    private(set) var address = SocketAddress.v4(address: 0x7f00_0001, port: 0)
    private var output: [UInt8] = []

    /// Starts a server with the certificate of that name, which writes on its console what it gets and what it thinks,
    /// and takes commands there.
    convenience init(_ certificate: String = "good", _ options: String...) async throws {
        try self.init(SecureServer.arguments(certificate, "127.0.0.1:0") + options)
        try await learnPort(from: "ACCEPT 127.0.0.1:")
    }

    /// Starts a server whose console is the other end of its connections and nothing else.
    convenience init(quiet certificate: String, _ options: String...) async throws {
        // It does not tell its port, so it is given one that was free a moment ago.
        let address = try SecureServer.freeAddress()
        try self.init(SecureServer.arguments(certificate, "\(address)") + ["-quiet"] + options, keepsErrors: false)
        self.address = address
        let deadline = EventLoop.now + .seconds(10)
        while EventLoop.now < deadline {
            do {
                // The server takes it for a client that went away.
                try await connect().close()
                return
            } catch let error as SystemError where error.code == ECONNREFUSED {
                try await EventLoop.sleep(for: .milliseconds(5))
            }
        }
    }

    private static func arguments(_ certificate: String, _ address: String) -> [String] {
        [
            "openssl", "s_server", "-accept", address, "-cert", Certificates.path("\(certificate).pem"), "-key",
            Certificates.path("\(certificate).key"),
        ]
    }

    private static func freeAddress() throws -> SocketAddress {
        let descriptor = try Listener.bind(to: .v4(address: 0x7f00_0001, port: 0))
        let address = Listener.localAddress(of: descriptor)
        return try #require(address)
    }

    /// A server that sends back what it gets, many connections at a time, written in Python.
    static func echo() async throws -> SecureServer {
        let program = """
            import asyncio, ssl, sys
            async def echo(reader, writer):
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
                writer.close()
            async def main():
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(sys.argv[1], sys.argv[2])
                server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context, backlog=1000)
                print("ACCEPT 127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
                await asyncio.sleep(3600)
            asyncio.run(main())
            """
        let server = try SecureServer([
            "python3", "-c", program, Certificates.path("good.pem"), Certificates.path("good.key"),
        ])
        try await server.learnPort(from: "ACCEPT 127.0.0.1:")
        return server
    }

    /// Runs the command in the directory of the certificates.
    private init(_ command: [String], keepsErrors: Bool = true) throws {
        let (console, theirs) = try StreamSocket.pair(wakeup: Wakeup())
        let nothing = open("/dev/null", O_WRONLY)
        defer {
            close(theirs)
            close(nothing)
        }
        var plan = ChildProcess.Plan(
            path: "/bin/sh", arguments: ["sh", "-c", "cd \(Certificates.directory) && exec \"$@\"", "sh"] + command)
        plan.environment = ["PATH=/usr/bin:/bin"]
        plan.descriptors = [(theirs, 0), (theirs, 1), (keepsErrors ? theirs : nothing, 2)]
        plan.deathSignal = SIGKILL
        child = try ChildProcess(plan)
        self.console = console
    }

    private func learnPort(from label: String) async throws {
        let line = try await said(label, andLine: true)
        let port = try #require(UInt16(line.dropFirst(label.count)))
        address = .v4(address: 0x7f00_0001, port: port)
    }

    /// Waits until the server's output contains the text, and returns it, to the end of its line if that is asked for.
    @discardableResult
    func said(_ text: String, andLine: Bool = false) async throws -> String {
        let deadline = EventLoop.now + .seconds(10)
        while true {
            let soFar = String(decoding: output, as: UTF8.self)
            if let found = soFar.firstRange(of: text) {
                let tail = soFar[found.lowerBound...]
                if !andLine || tail.contains("\n") { return String(tail.prefix { $0 != "\n" }) }
            }
            let more = try await Transport.plain(console).receive(until: deadline)
            if more.isEmpty {
                Issue.record("the server ended: \(soFar)")
                throw TransportError.truncated
            }
            output += more
        }
    }

    /// Forgets what the server has said.
    func forget() { output = [] }

    func stop() async {
        child.kill(SIGKILL)
        _ = try? await child.exit()
        console.close()
    }

    func connect() async throws -> StreamSocket {
        try await StreamSocket.connect(to: address, until: EventLoop.now + .seconds(5), wakeup: Wakeup())
    }

    /// A secured connection to the server, as `host`.
    func secured(_ context: TLSContext, host: String = "localhost") async throws -> TLSStream {
        let stream = try await TLSStream(connect(), context: context)
        try await stream.handshake(host: host, until: EventLoop.now + .seconds(10))
        return stream
    }
}

/// Runs `body` with the server, and ends the server whatever comes of it.
@EventLoop func with(_ server: SecureServer, _ body: @EventLoop () async throws -> Void) async throws {
    do {
        try await body()
    } catch {
        await server.stop()
        throw error
    }
    await server.stop()
}

@EventLoop func clientContext(
    trusting names: String..., settings: TLSContext.ClientSettings = .init()
) throws -> TLSContext {
    let sources = names.map { TrustSource.file(path: Certificates.path("\($0).pem")) }
    return try TLSContext(client: settings, trust: TrustStore(sources))
}

extension Transport {
    /// Reads until something came, the end (empty), or the deadline.
    @EventLoop func receive(
        capacity: Int = 65536, until deadline: Instant = EventLoop.now + .seconds(10)
    ) async throws -> [UInt8] {
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

    /// Reads to the end.
    @EventLoop func receiveAll(until deadline: Instant = EventLoop.now + .seconds(20)) async throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let more = try await receive(until: deadline)
            if more.isEmpty { return all }
            all += more
        }
    }

    @EventLoop func sendAll(_ bytes: [UInt8], until deadline: Instant = EventLoop.now + .seconds(20)) async throws {
        var sent = 0
        while sent < bytes.count {
            sent += try write(bytes.span.extracting(sent..<bytes.count))
            if sent < bytes.count { try await writable(until: deadline) }
        }
    }
}
