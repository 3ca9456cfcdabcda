import Glibc
import LoopTestSupport
import OCMEventLoop
import OCMTLS
import Testing

/// Bytes that tell their place.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
    var bytes = (0..<min(count, 65536)).map { UInt8(truncatingIfNeeded: ($0 + seed) &* 31 &+ $0 >> 8) }
    while bytes.count < count { bytes += bytes.prefix(count - bytes.count).reversed() }
    return bytes
}

/// The expectation that two large pieces are equal, which says where they are not instead of showing both.
func expectSame(_ left: [UInt8], _ right: [UInt8], at location: SourceLocation = #_sourceLocation) {
    if left == right { return }
    let place = zip(left, right).enumerated().first { $1.0 != $1.1 }?.offset
    Issue.record(
        "\(left.count) and \(right.count) bytes, different from \(place ?? min(left.count, right.count)) on",
        sourceLocation: location)
}

@EventLoop private func opened(
    _ server: SecureServer, settings: TLSContext.ClientSettings = .init()
) async throws -> Transport {
    .tls(try await server.secured(clientContext(trusting: "ca", settings: settings)))
}

/// Sends and receives at the same time, as a relay does, until as much has come back as was sent.
@EventLoop private func echo(_ bytes: [UInt8], through transport: Transport) async throws -> [UInt8] {
    let deadline = EventLoop.now + .seconds(30)
    let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 1)
    defer { space.deallocate() }
    var (sent, back) = (0, [UInt8]())
    while back.count < bytes.count {
        sent += try transport.write(bytes.span.extracting(sent..<bytes.count))
        switch try transport.read(into: space) {
        case .bytes(let count): back += UnsafeRawBufferPointer(rebasing: space[..<count])
        case .end: return back
        case .wouldBlock: try await transport.wakeup.wait(until: deadline)
        }
    }
    return back
}

@Suite struct TransferTests {
    @Test func aCloseNotifyIsTheEnd() throws {
        try onLoop {
            let server = try await SecureServer("good", "-www")
            try await with(server) {
                let transport = try await opened(server)
                try await transport.sendAll(Array("GET / HTTP/1.0\r\n\r\n".utf8))
                let page = try await transport.receiveAll()
                #expect(String(decoding: page, as: UTF8.self).hasPrefix("HTTP/1.0 200"))
                #expect(transport.isHungUp)
                #expect(try await transport.receive() == [], "the end stays the end")
                transport.close()
            }
        }
    }

    @Test func aConnectionWithoutCloseNotifyIsTruncated() throws {
        try onLoop {
            let server = try await SecureServer(quiet: "good")
            try await with(server) {
                let transport = try await opened(server)
                _ = try server.console.write(Array("some".utf8).span)
                #expect(try await transport.receive() == Array("some".utf8))
                server.child.kill(SIGKILL)
                for _ in 0..<2 {
                    await #expect(throws: TransportError.truncated) { try await transport.receive() }
                    #expect(transport.mayRead && transport.isHungUp)
                }
                transport.close()
            }
        }
    }

    @Test func aRecordThatIsCutOrDamagedIsNoData() throws {
        try onLoop {
            let server = try await SecureServer(quiet: "good")
            try await with(server) {
                for fault in [Tamper.Fault.cut, .damage] {
                    let tamper = try await Tamper(server)
                    let stream = try TLSStream(tamper.client, context: clientContext(trusting: "ca"))
                    try await stream.handshake(host: "localhost", until: EventLoop.now + .seconds(10))
                    let transport = Transport.tls(stream)
                    _ = try server.console.write(Array("whole".utf8).span)
                    #expect(try await transport.receive() == Array("whole".utf8))
                    tamper.fault = fault
                    _ = try server.console.write(Array("broken".utf8).span)
                    let failure = await #expect(throws: TransportError.self) { try await transport.receive() }
                    switch fault {
                    case .cut: #expect(failure == .truncated)
                    default: #expect(failure?.description == "TLS failed: decryption failed or bad record mac")
                    }
                    transport.close()
                    tamper.end()
                }
            }
        }
    }

    @Test func whatIsHeldInsideIsReadWithoutAWait() throws {
        try onLoop {
            let server = try await SecureServer(quiet: "good")
            try await with(server) {
                let transport = try await opened(server)
                let bytes = pattern(5000).map { $0 | 1 }
                _ = try server.console.write(bytes.span)
                var received = try await transport.receive(capacity: 100)
                let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
                defer { space.deallocate() }
                while received.count < bytes.count {
                    #expect(transport.mayRead)
                    guard case .bytes(let count) = try transport.read(into: space) else { break }
                    received += UnsafeRawBufferPointer(rebasing: space[..<count])
                }
                #expect(received == bytes)
                #expect(try transport.read(into: space) == .wouldBlock)
                #expect(!transport.mayRead)
                transport.close()
            }
        }
    }

    @Test func ticketsAloneAreNothingToRead() throws {
        try onLoop {
            let server = try await SecureServer(quiet: "good")
            try await with(server) {
                let transport = try await opened(server)
                await #expect(throws: WaitError.timedOut) {
                    try await transport.receive(until: EventLoop.now + .milliseconds(50))
                }
                #expect(!transport.mayRead && !transport.isHungUp)
                transport.close()
            }
        }
    }

    @Test func ourCloseIsInDueFormAndOurResetIsNot() throws {
        try onLoop {
            let server = try await SecureServer()
            try await with(server) {
                for (end, verdict) in [(Transport.close, "DONE"), (Transport.closeWithReset, "ERROR")] {
                    server.forget()
                    let transport = try await opened(server)
                    try await transport.sendAll(Array("last words\n".utf8))
                    try await server.said("last words")
                    end(transport)()
                    try await server.said(verdict)
                    #expect(!transport.isOpen)
                }
            }
        }
    }

    @Test func sendingMayEndBeforeReceiving() throws {
        try onLoop {
            let server = try await SecureServer.echo()
            try await with(server) {
                let transport = try await opened(server)
                try await transport.sendAll(Array("question".utf8))
                #expect(try await transport.receive() == Array("question".utf8))
                transport.shutdownSending()
                #expect(try await transport.receiveAll() == [])
                #expect(throws: TransportError.self) { try transport.write(Array("more".utf8).span) }
                transport.close()
            }
        }
    }

    @Test func keysMayBeUpdatedInTheMiddle() throws {
        try onLoop {
            let server = try await SecureServer()
            try await with(server) {
                let transport = try await opened(server)
                let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 1)
                defer { space.deallocate() }
                // Tickets are behind us when this has come.
                _ = try server.console.write(Array("start\n".utf8).span)
                #expect(try await transport.receive() == Array("start\n".utf8))
                for round in 0..<3 {
                    _ = try server.console.write(Array("K\n".utf8).span)
                    try await transport.readable(until: EventLoop.now + .seconds(10))
                    #expect(try transport.read(into: space) == .wouldBlock)
                    _ = try server.console.write(Array("round \(round)\n".utf8).span)
                    #expect(try await transport.receive() == Array("round \(round)\n".utf8))
                    try await transport.sendAll(Array("answer \(round)\n".utf8))
                    try await server.said("answer \(round)")
                    server.forget()
                }
                transport.close()
            }
        }
    }

    @Test func twoPiecesArriveAsOneSequence() throws {
        try onLoop {
            let server = try await SecureServer.echo()
            try await with(server) {
                let transport = try await opened(server)
                let sizes = [0, 1, 7, 16383, 16384, 16385, 40000]
                for first in sizes {
                    for second in sizes where first + second > 0 {
                        let (head, body) = (pattern(first), pattern(second, seed: 99))
                        let count = try transport.write(head.span, body.span)
                        #expect(count == first + second)
                        var back: [UInt8] = []
                        while back.count < count {
                            let more = try await transport.receive()
                            if more.isEmpty { break }
                            back += more
                        }
                        expectSame(back, head + body)
                    }
                }
                transport.close()
            }
        }
    }
}

@Suite struct BackpressureTests {
    @Test(arguments: [TLSVersion.v1_2, .v1_3])
    func aPeerThatDoesNotReadHoldsTheWriterBack(_ version: TLSVersion) throws {
        try onLoop {
            let server = try await SecureServer(quiet: "good")
            try await with(server) {
                var settings = TLSContext.ClientSettings()
                settings.maximumVersion = version
                let transport = try await opened(server, settings: settings)
                let bytes = pattern(6 << 20)
                var sent = 0
                while transport.mayWrite { sent += try transport.write(bytes.span.extracting(sent..<bytes.count)) }
                #expect(sent < bytes.count)
                #expect(try transport.write(bytes.span.extracting(sent..<bytes.count)) == 0)
                await #expect(throws: WaitError.timedOut) {
                    try await transport.writable(until: EventLoop.now + .milliseconds(30))
                }
                // Whoever was held back goes on with pieces of any size, smaller ones than before too.
                var received: [UInt8] = []
                var size = 1
                let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 1)
                defer { space.deallocate() }
                while received.count < bytes.count {
                    if sent < bytes.count && transport.mayWrite {
                        let end = min(sent + size, bytes.count)
                        let middle = (sent + end) / 2
                        sent += try transport.write(
                            bytes.span.extracting(sent..<middle), bytes.span.extracting(middle..<end))
                        size = size * 3 % 100_003
                    }
                    let outcome = try server.console.read(into: space)
                    if outcome == .end { break }
                    if case .bytes(let count) = outcome {
                        received += UnsafeRawBufferPointer(rebasing: space[..<count])
                    } else if !transport.mayWrite || sent == bytes.count {
                        try await server.console.readable(until: EventLoop.now + .seconds(10))
                    }
                }
                expectSame(received, bytes)
                transport.close()
            }
        }
    }

    @Test func aReaderThatPausesLosesNothing() throws {
        try onLoop {
            let bytes = pattern(6 << 20)
            let path = Certificates.path("large")
            let file = try #require(fopen(path, "w"))
            #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
            fclose(file)
            let server = try await SecureServer("good", "-HTTP")
            try await with(server) {
                let transport = try await opened(server)
                try await transport.sendAll(Array("GET /large HTTP/1.0\r\n\r\n".utf8))
                var received: [UInt8] = []
                while received.count < bytes.count {
                    let more = try await transport.receive(capacity: 1 + received.count % 70000)
                    if more.isEmpty { break }
                    received += more
                    if received.count % 5 == 0 { try await EventLoop.sleep(for: .milliseconds(1)) }
                }
                #expect(try await transport.receive() == [])
                expectSame(received, bytes)
                transport.close()
            }
        }
    }

    @Test func manyStreamsGoSideBySide() throws {
        try onLoop {
            let server = try await SecureServer.echo()
            try await with(server) {
                let context = try clientContext(trusting: "ca")
                let finished = Wakeup()
                var (open, right) = (100, 0)
                for number in 0..<open {
                    EventLoop.spawn {
                        do {
                            let bytes = pattern(300_000, seed: number)
                            let transport = Transport.tls(try await server.secured(context))
                            if try await echo(bytes, through: transport) == bytes { right += 1 }
                            transport.close()
                        } catch {
                            Issue.record("stream \(number): \(error)")
                        }
                        open -= 1
                        finished.signal()
                    }
                }
                while open > 0 { try await finished.wait(until: EventLoop.now + .seconds(60)) }
                #expect(right == 100)
            }
        }
    }
}
