internal import Logging
internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

/// A client's connection: its life is ``serve()``.
@EventLoop final class ClientConnection {
    let service: Service
    let transport: Transport
    let lifecycle: Lifecycle
    /// For logs, and for limits.
    let address: String
    let block: AddressBlock
    private let wakeup: Wakeup
    /// Bytes that were read and not taken yet: the beginning of a request.
    var input: [UInt8] = []
    /// Waits for a request that has not begun.
    private(set) var isIdle = true
    private var hasServed = false
    /// What is being served.
    private(set) var exchange: Exchange?
    private var share = BufferShare()

    /// How long a refused client may go on sending before it is cut.
    private static let lingerTime = Duration.seconds(5)
    /// How long a connection is kept for its next request, or for its first, when the worker drains. One that is closed
    /// at once may be closed under a request that is on its way; the answer to that request says that it is the last.
    private static let lastIdleTime: UInt64 = 2_000_000_000
    private static let lastFirstTime: UInt64 = 1_000_000_000

    init(
        _ transport: Transport, from address: String, _ block: AddressBlock, to service: Service, lifecycle: Lifecycle
    ) {
        self.transport = transport
        self.address = address
        self.block = block
        self.service = service
        self.lifecycle = lifecycle
        wakeup = transport.wakeup
    }

    /// Serves requests, one after the other, until the connection ends, or is a WebSocket.
    func serve() async -> WebSocketRelay? {
        var ending = Exchange.Ending.keepsAlive
        while case .keepsAlive = ending {
            do throws(ReadFailure) {
                guard let intake = try await readRequest() else { break }
                isIdle = false
                ending = await handle(intake)
                isIdle = true
                hasServed = true
                // What was sent ahead is served in turns with the other connections.
                if case .keepsAlive = ending, !input.isEmpty { await EventLoop.yield() }
            } catch {
                ending = await refuse(error)
            }
        }
        input = []
        share.update(0, of: service.buffers)
        switch ending {
        case .keepsAlive: transport.close()
        case .closes: await linger()
        case .cut: transport.closeWithReset()
        case .switched(let relay): return relay
        }
        wakeup.disarm()
        return nil
    }

    /// Ends an idle connection before long: to be called when the worker drains.
    func noteDrain() {
        if isIdle { wakeup.signal() }
    }

    // What runs between two waits is not inlined: its memory would be the connection's for as long as that lives.

    @inline(never) private func handle(_ intake: RequestIntake) async -> Exchange.Ending {
        switch intake {
        case .exchange(let exchange):
            self.exchange = exchange
            defer { self.exchange = nil }
            let ending = await exchange.run()
            input = exchange.input
            return ending
        case .refused(let refusal):
            if refusal.isFailedToken { await holdBack(refusal.trace) }
            return await send(refusal)
        }
    }

    @inline(never) private func holdBack(_ trace: RequestTrace?) async {
        let (delay, isLogged) = lifecycle.failures.note(block, at: EventLoop.now)
        if isLogged {
            service.logger.warning(
                "a client sent a token that no user has",
                metadata: [
                    "service": "\(service.tag)", "address": "\(address)", "request_id": "\(trace?.id ?? "-")",
                ])
        }
        guard delay > .zero, lifecycle.failures.hold() else { return }
        try? await EventLoop.sleep(for: delay)
        lifecycle.failures.letGo()
    }

    @inline(never) private func send(_ refusal: RequestIntake.Refusal) async -> Exchange.Ending {
        var output: [UInt8] = []
        refusal.response.write(answering: refusal.method, into: &output)
        let deadline = EventLoop.now.after(nanoseconds: service.bounds.writeStall)
        let isSent = await transport.writeAll(output, until: deadline)
        service.access?.note(AccessLine(refusal, on: self, sent: isSent ? output.count : 0))
        guard isSent else { return .cut }
        return refusal.response.closes ? .closes : .keepsAlive
    }

    /// Closes the sending side and reads on for a while: a connection that is closed with unread bytes is reset, and the
    /// client might lose the answer (RFC 9112 section 9.6).
    @inline(never) private func linger() async {
        transport.shutdownSending()
        let deadline = EventLoop.now + Self.lingerTime
        reading: while true {
            do {
                switch unsafe try transport.read(into: ReadBuffer.shared.space) {
                case .bytes:
                    await EventLoop.yield()
                    if EventLoop.now >= deadline { break reading }
                case .end: break reading
                case .wouldBlock: try await wakeup.wait(until: deadline)
                }
            } catch {
                break
            }
        }
        transport.close()
    }
}

// Reading a request's head.
extension ClientConnection {
    private enum ReadFailure: Error {
        case malformed(HTTPError)
        /// A head was begun and not completed in time.
        case timedOut
        /// A head that comes in pieces has no room.
        case overloaded
        case connectionLost
    }

    /// Waits for a request and admits it; nil when the connection ends between two requests.
    private func readRequest() async throws(ReadFailure) -> RequestIntake? {
        // A head that comes in pieces has a parser of its own, which remembers how far it came.
        var head = RequestHead()
        var start = EventLoop.now
        var isTimeOver = false
        if !input.isEmpty, let intake = try parse(&head) { return intake }
        while true {
            switch try read() {
            case .end:
                return nil
            case .bytes(let count):
                if input.isEmpty {
                    start = EventLoop.now
                    if let intake = try admitFromBuffer(count) { return intake }
                }
                if let intake = try parse(&head) { return intake }
            case .wouldBlock:
                if isTimeOver, input.isEmpty { return nil }
                try countInput()
                do throws(WaitError) {
                    try await wakeup.wait(until: deadline(from: start))
                } catch {
                    if error == .cancelled { throw .connectionLost }
                    guard input.isEmpty else { throw .timedOut }
                    // One last look: a request may have come in the same turn of the loop.
                    isTimeOver = true
                }
            }
        }
    }

    /// The first request has to come at once, the next may take its time to begin, and a drain gives both a moment,
    /// however long the connection has rested.
    private func deadline(from start: Instant) -> Instant {
        let bounds = service.bounds
        guard input.isEmpty else { return start.after(nanoseconds: bounds.headTime) }
        let usual = start.after(nanoseconds: hasServed ? bounds.idle : bounds.headTime)
        guard let drainStart = lifecycle.drainStart else { return usual }
        let last = hasServed ? Self.lastIdleTime : Self.lastFirstTime
        return min(usual, max(start, drainStart).after(nanoseconds: last))
    }

    /// Of a head in pieces, what was set aside for the connection is there in any case.
    private func countInput() throws(ReadFailure) {
        let excess = max(0, input.count - BufferBudget.least)
        share.update(excess, of: service.buffers)
        if excess > 0, service.buffers.isTight { throw .overloaded }
    }

    private func read() throws(ReadFailure) -> ReadOutcome {
        do throws(TransportError) {
            let outcome = unsafe try transport.read(
                into: ReadBuffer.shared.space(atMost: service.buffers.readSize))
            if case .bytes(let count) = outcome, !input.isEmpty {
                ReadBuffer.shared.withBytes(count) { input.append($0, 0..<count) }
            }
            return outcome
        } catch {
            throw .connectionLost
        }
    }

    /// The usual case: the whole head is in what was just read. Else the bytes are kept.
    @inline(never) private func admitFromBuffer(_ count: Int) throws(ReadFailure) -> RequestIntake? {
        do throws(HTTPError) {
            return try ReadBuffer.shared.withBytes(count) { bytes throws(HTTPError) in
                guard let end = try Scratch.requestHead.parse(bytes, limits: service.bounds.head) else {
                    Scratch.requestHead.reset()
                    input.append(bytes, 0..<count)
                    return nil
                }
                return admit(Scratch.requestHead, bytes, from: end)
            }
        } catch {
            throw .malformed(error)
        }
    }

    @inline(never) private func parse(_ head: inout RequestHead) throws(ReadFailure) -> RequestIntake? {
        do throws(HTTPError) {
            let bytes = input
            guard let end = try head.parse(bytes.span, limits: service.bounds.head) else { return nil }
            input = []
            share.update(0, of: service.buffers)
            return admit(head, bytes.span, from: end)
        } catch {
            throw .malformed(error)
        }
    }

    @inline(never) private func refuse(_ failure: ReadFailure) async -> Exchange.Ending {
        switch failure {
        case .malformed(let error):
            return await send(RequestIntake.Refusal(response: ErrorResponse(error), method: .get))
        case .timedOut:
            let response = ErrorResponse(
                status: 408, type: "invalid_request_error", message: "the request did not arrive in time", closes: true)
            return await send(RequestIntake.Refusal(response: response, method: .get))
        case .overloaded:
            var response = ErrorResponse.overloaded
            response.closes = true
            return await send(RequestIntake.Refusal(response: response, method: .get))
        case .connectionLost: return .cut
        }
    }
}
