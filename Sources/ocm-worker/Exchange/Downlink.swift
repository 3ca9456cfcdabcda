internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

/// The response on its way from the API to the client.
///
/// Every read from upstream is written on in the same step. What the client does not take is kept, and until it has
/// taken that, nothing more is read: a slow client holds one read's worth.
@EventLoop struct Downlink {
    enum Progress {
        /// Nothing more can be moved now.
        case waiting
        /// Bytes are held back until the usage that they complete is on its way.
        case holding
        /// All is read and taken.
        case finished
        /// Much was moved in one go: others should have their turn.
        case busy
        /// The API refused the credential, and nothing has gone to the client.
        case rejected
        /// Both sides have switched to WebSocket.
        case switched
    }

    /// What was read leads to.
    enum Verdict {
        case goesOn
        /// See ``Progress``.
        case rejected, switched
    }

    enum Phase {
        case head, body
        /// All is read; there may be bytes left for the client.
        case complete
    }

    /// Bytes that one exchange moves before others have their turn.
    private static let turnBudget = 512 * 1024

    /// Interim responses to one request; a server that means well sends a handful.
    static let interimAtMost = 100

    let request: Request
    /// Some byte of a response has come: the request can't simply be sent again.
    private(set) var hasBegun = false
    /// The head of a final response has gone to the client.
    var hasAnswered = false
    var interimCount = 0
    var status = 0
    /// The upstream's connection is clean after this response.
    var upstreamKeepsAlive = false
    private(set) var lastReceived: Instant
    var outlet = Outlet()
    /// When the head of the answer came, and what the API calls the request.
    var firstByte: Instant?
    var requestID = BoundedText()

    var phase = Phase.head
    var forwarding: ResponseForwarding?
    var body: BodyReader?
    var metering: ResponseMetering
    /// Bytes of a head that is not complete, or those behind a switch of protocols.
    var unread: [UInt8] = []

    /// - Parameter credential: generation of the one that the request is made with.
    init(request: Request, service: Service, credential: UInt64) {
        self.request = request
        metering = ResponseMetering(request: request, service: service, credential: credential)
        lastReceived = EventLoop.now
    }

    var isBlocked: Bool { outlet.isBlocked }
    /// Bytes that are kept.
    var held: Int { outlet.held + unread.count }
    var keepsAlive: Bool { forwarding?.keepsAlive ?? false }

    /// The client can tell that the response is not whole when the connection just closes.
    var isSelfDelimited: Bool {
        guard let forwarding else { return true }
        if forwarding.framing != .plain { return true }
        if case .length = body?.framing { return true }
        return false
    }

    /// Forgets what an earlier attempt has read.
    mutating func restart() {
        phase = .head
        hasBegun = false
        unread = []
        lastReceived = EventLoop.now
    }

    /// Moves what can be moved now.
    ///
    /// - Parameters:
    ///   - model: what the request asked for, for answers that name none.
    ///   - mayKeepAlive: asked when the head is written: whether the client's connection can go on afterwards.
    mutating func pump(
        from upstream: Transport, to client: Transport, budget: BufferBudget, model: String, mayKeepAlive: Bool
    ) throws(ExchangeError) -> Progress {
        var moved = 0
        while true {
            guard try flush(to: client) else { return .waiting }
            if phase == .complete { return .finished }
            if moved > Self.turnBudget { return .busy }
            switch try receive(from: upstream, budget, model) {
            case .wouldBlock: return .waiting
            case .end: try end(client, model)
            case .bytes(let count):
                moved += count
                hasBegun = true
                lastReceived = EventLoop.now
                let verdict = try ReadBuffer.shared.withBytes(count) { bytes throws(ExchangeError) in
                    try process(bytes, client, model, mayKeepAlive)
                }
                switch verdict {
                case .goesOn: break
                case .rejected: return .rejected
                case .switched: return .switched
                }
            }
        }
    }

    private mutating func receive(
        from upstream: Transport, _ budget: BufferBudget, _ model: String
    ) throws(ExchangeError) -> ReadOutcome {
        do throws(TransportError) {
            return unsafe try upstream.read(into: ReadBuffer.shared.space(atMost: budget.readSize))
        } catch {
            metering.finish(model)
            throw .upstreamFailed(error.description)
        }
    }

    /// False where the client has not taken all yet.
    mutating func flush(to client: Transport) throws(ExchangeError) -> Bool {
        guard isBlocked else { return true }
        if metering.handover.isHolding { return false }
        do throws(TransportError) { return try outlet.flush(to: client) } catch { throw .clientGone }
    }

    /// Takes what was read.
    private mutating func process(
        _ bytes: Span<UInt8>, _ client: Transport, _ model: String, _ mayKeepAlive: Bool
    ) throws(ExchangeError) -> Verdict {
        var output: [UInt8] = []
        swap(&output, &Scratch.output)
        defer {
            output.removeAll(keepingCapacity: true)
            swap(&output, &Scratch.output)
        }
        if phase == .body {
            try relay(bytes, from: 0, behind: &output, client, model)
            return .goesOn
        }
        guard !unread.isEmpty else {
            return try processHeads(bytes, &output, client, model, mayKeepAlive)
        }
        var whole: [UInt8] = []
        swap(&whole, &unread)
        whole.append(bytes, 0..<bytes.count)
        return try processHeads(whole.span, &output, client, model, mayKeepAlive)
    }
}
