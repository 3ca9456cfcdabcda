import Glibc
import LoopTestSupport
import OCMEventLoop
import OCMTLS
import Testing

@Suite struct HandshakeTests {
    private func settings(
        _ minimum: TLSVersion = .v1_2, _ maximum: TLSVersion = .v1_3, offering protocols: String...
    ) -> TLSContext.ClientSettings {
        var settings = TLSContext.ClientSettings()
        (settings.minimumVersion, settings.maximumVersion) = (minimum, maximum)
        settings.applicationProtocols = protocols
        return settings
    }

    @Test func theNewestVersionOfBothSidesIsSpoken() throws {
        try onLoop {
            let server = try await SecureServer("good", "-www")
            try await with(server) {
                let newest = try await server.secured(clientContext(trusting: "ca"))
                #expect(newest.version == .v1_3)
                #expect(newest.cipherSuite == "TLS_AES_256_GCM_SHA384")
                newest.close()
                let bound = try await server.secured(clientContext(trusting: "ca", settings: settings(.v1_2, .v1_2)))
                #expect(bound.version == .v1_2)
                bound.close()
            }
        }
    }

    @Test func aServerThatOnlySpeaksAnOldVersionIsRefusedUnlessThatIsConfigured() throws {
        try onLoop {
            let server = try await SecureServer("good", "-www", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
            try await with(server) {
                await #expect(throws: TLSError.protocolVersion) {
                    try await server.secured(clientContext(trusting: "ca"))
                }
                let old = try await server.secured(clientContext(trusting: "ca", settings: settings(.v1_0)))
                #expect(old.version == .v1_1)
                old.close()
            }
        }
    }

    @Test func aServerThatRefusesOurVersionsIsUnderstood() throws {
        try onLoop {
            let server = try await SecureServer("good", "-www", "-tls1_3")
            try await with(server) {
                await #expect(throws: TLSError.protocolVersion) {
                    try await server.secured(clientContext(trusting: "ca", settings: settings(.v1_2, .v1_2)))
                }
            }
        }
    }

    @Test func theServersChoiceOfProtocolIsTold() throws {
        try onLoop {
            let server = try await SecureServer("good", "-www", "-alpn", "h2,http/1.1")
            try await with(server) {
                let both = try await server.secured(
                    clientContext(trusting: "ca", settings: settings(offering: "http/1.1", "h2")))
                #expect(both.applicationProtocol == "h2")
                both.close()
                let none = try await server.secured(clientContext(trusting: "ca"))
                #expect(none.applicationProtocol == nil)
                none.close()
            }
        }
    }

    @Test(arguments: [TLSVersion.v1_2, .v1_3])
    func aSecondConnectionResumesTheSessionOfTheFirst(_ version: TLSVersion) throws {
        try onLoop {
            let server = try await SecureServer("good", "-www")
            try await with(server) {
                let context = try clientContext(trusting: "ca", settings: settings(version, version))
                @EventLoop func page(host: String) async throws -> (isResumed: Bool, text: String) {
                    let stream = try await server.secured(context, host: host)
                    let transport = Transport.tls(stream)
                    try await transport.sendAll(Array("GET / HTTP/1.0\r\n\r\n".utf8))
                    let text = try await String(decoding: transport.receiveAll(), as: UTF8.self)
                    // Not in due form: the session must not suffer from it.
                    transport.closeWithReset()
                    return (stream.isResumed, text)
                }
                let first = try await page(host: "localhost")
                #expect(!first.isResumed)
                #expect(first.text.contains("New, TLSv1"))
                for _ in 0..<3 {
                    let next = try await page(host: "localhost")
                    #expect(next.isResumed)
                    #expect(next.text.contains("Reused, TLSv1"))
                }
                let elsewhere = try await page(host: "127.0.0.1")
                #expect(!elsewhere.isResumed)
            }
        }
    }

    @Test func aServerThatWantsAClientCertificateIsUnderstood() throws {
        try onLoop {
            let server = try await SecureServer(quiet: "good", "-Verify", "1")
            try await with(server) {
                await #expect(throws: TLSError.alert(40)) {
                    try await server.secured(clientContext(trusting: "ca", settings: settings(.v1_2, .v1_2)))
                }
                // TLS 1.3's client is through before the server has looked.
                let stream = try await server.secured(clientContext(trusting: "ca"))
                let failure = await #expect(throws: TransportError.self) { try await Transport.tls(stream).receive() }
                #expect(failure == .tls(.alert(116)))
                #expect(failure?.description.contains("certificate required") == true)
                stream.close()
            }
        }
    }

    /// What a listener that is no TLS server does to a client.
    private func handshake(
        until deadline: Duration = .seconds(10), with peer: @escaping @EventLoop (StreamSocket) async throws -> Void
    ) throws -> TLSError? {
        nonisolated(unsafe) var failure: TLSError?
        try onLoop {
            let descriptor = try Listener.bind(to: .v4(address: 0x7f00_0001, port: 0))
            let local = Listener.localAddress(of: descriptor)
            let address = try #require(local)
            let listener = try Listener(adopting: descriptor)
            let socket = try await StreamSocket.connect(to: address, until: .never, wakeup: Wakeup())
            try await listener.acceptable()
            let accepted = try #require(try listener.accept()).socket
            try await peer(accepted)
            let stream = try TLSStream(socket, context: clientContext(trusting: "ca"))
            failure = await #expect(throws: TLSError.self) {
                try await stream.handshake(host: "localhost", until: EventLoop.now + deadline)
            }
            #expect(!socket.isOpen)
            accepted.close()
            listener.close()
        }
        return failure
    }

    @Test func aServerThatSpeaksSomethingElseIsNoTLSServer() throws {
        let failure = try handshake { peer in
            _ = try peer.write(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8).span)
        }
        #expect(failure == .notTLS)
    }

    @Test func aServerThatClosesInTheHandshakeIsSaidToHaveClosed() throws {
        #expect(try handshake { $0.shutdownSending() } == .closed)
    }

    @Test func aServerThatResetsIsSaidToHaveReset() throws {
        let failure = try handshake { $0.closeWithReset() }
        guard case .system(let error) = failure else {
            Issue.record("not a failed call: \(String(describing: failure))")
            return
        }
        #expect(error.code == ECONNRESET)
    }

    @Test func aServerThatSaysNothingIsLeftAtTheDeadline() throws {
        #expect(try handshake(until: .milliseconds(30)) { _ in } == .timedOut)
    }

    @Test func aCancelledHandshakeEnds() throws {
        try onLoop {
            let (socket, child) = try StreamSocket.pair(wakeup: Wakeup())
            let context = try clientContext(trusting: "ca")
            let finished = Wakeup()
            let task = EventLoop.spawn {
                await #expect(throws: TLSError.cancelled) {
                    try await TLSStream(socket, context: context).handshake(host: "localhost", until: .never)
                }
                finished.signal()
            }
            await EventLoop.yield()
            task.cancel()
            try await finished.wait(until: EventLoop.now + .seconds(5))
            #expect(!socket.isOpen)
            close(child)
        }
    }
}
