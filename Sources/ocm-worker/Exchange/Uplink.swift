internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

/// The request on its way from the client to the API.
///
/// Head and body go through one buffer. As long as the request may have to be sent again, what was sent stays in it;
/// from then on only what the API's connection did not take yet.
@EventLoop struct Uplink {
    /// Bytes that one exchange moves before others have their turn.
    private static let turnBudget: UInt64 = 512 * 1024

    private var buffer: [UInt8] = []
    private var sent = 0
    private var body: BodyReader
    /// Finds the model for answers that name none.
    private(set) var meter: RequestMeter?
    /// The whole request so far is in the buffer.
    private(set) var isReplayable = true
    /// Bytes of the replay budget that this request holds.
    private var charged = 0
    private let replayLimit: Int
    /// The API's connection takes no more: only the answer matters now.
    private(set) var isAbandoned = false
    /// When bytes last moved.
    private(set) var lastProgress: Instant
    private var owesContinue: Bool
    /// Where the fields of the route stand in the head.
    private var routeFields: Range<Int>

    /// Takes over a head that is ready to be sent.
    init(head: ForwardedHead, body: BodyReader, meter: RequestMeter?, expectsContinue: Bool, replayLimit: Int) {
        buffer = head.bytes
        routeFields = head.routeFields
        self.body = body
        self.meter = meter
        self.replayLimit = replayLimit
        owesContinue = expectsContinue
        lastProgress = EventLoop.now
    }

    /// All of the request has been read from the client.
    var isRead: Bool { body.isComplete }
    /// All of the request has been written to the API.
    var isSent: Bool { body.isComplete && sent == buffer.count }
    /// Nothing more will be moved.
    var isSettled: Bool { isSent || isAbandoned }
    var isBlocked: Bool { sent < buffer.count }
    /// Bytes of the body that have come.
    var received: UInt64 { body.received }
    var model: String { meter?.model ?? "" }

    /// Takes body bytes from the client into the buffer.
    ///
    /// - Returns: how many of them belong to the body.
    mutating func take(_ bytes: Span<UInt8>, from start: Int = 0, budget: ByteBudget) throws(HTTPError) -> Int {
        var offset = start
        while let piece = try body.next(in: bytes, from: offset) {
            offset = piece.range.upperBound
            if piece.kind == .omitted { continue }
            let part = bytes.extracting(piece.range)
            if piece.kind == .data, meter?.isDone == false { meter?.scan(part) }
            buffer.append(part, 0..<part.count)
        }
        if isReplayable, offset > start { charge(offset - start, budget) }
        return offset
    }

    private mutating func charge(_ count: Int, _ budget: ByteBudget) {
        if charged + count <= replayLimit, budget.take(count) {
            charged += count
        } else {
            forgetReplay(budget)
        }
    }

    /// The request will not be sent again: frees what was kept for that.
    mutating func forgetReplay(_ budget: ByteBudget) {
        guard isReplayable else { return }
        isReplayable = false
        budget.giveBack(charged)
        charged = 0
        buffer = sent < buffer.count ? Array(buffer[sent...]) : []
        sent = 0
    }

    /// Starts again from the head, which may be another one.
    mutating func rewind() {
        sent = 0
        isAbandoned = false
        lastProgress = EventLoop.now
    }

    /// Makes the request, which must be replayable, ready to be sent with another credential.
    mutating func replaceRouteFields(with fields: [UInt8]) {
        buffer.replaceSubrange(routeFields, with: fields)
        routeFields = routeFields.lowerBound..<routeFields.lowerBound + fields.count
        rewind()
    }

    /// Moves what can be moved now; true where much was, and others should have their turn.
    ///
    /// - Parameter input: gets the bytes behind the request that were read with it.
    mutating func pump(
        from client: Transport, to upstream: Transport, budget: ByteBudget, input: inout [UInt8]
    ) throws(ExchangeError) -> Bool {
        if isAbandoned { return false }
        let start = body.received
        while body.received - start < Self.turnBudget {
            guard try send(to: upstream), !body.isComplete else { return false }
            if owesContinue { try sendContinue(to: client) }
            guard try receive(from: client, budget, &input) else { return false }
        }
        return true
    }

    /// False where the connection takes no more.
    private mutating func send(to upstream: Transport) throws(ExchangeError) -> Bool {
        guard sent < buffer.count else { return true }
        do throws(TransportError) {
            let count = try upstream.write(buffer.span.extracting(sent..<buffer.count))
            sent += count
            if count > 0 { lastProgress = EventLoop.now }
        } catch {
            // An answer may still be there to be read: it decides.
            isAbandoned = true
            return false
        }
        guard sent == buffer.count else { return false }
        if !isReplayable {
            buffer.removeAll(keepingCapacity: true)
            sent = 0
        }
        return true
    }

    /// False where there is nothing to read.
    private mutating func receive(
        from client: Transport, _ budget: ByteBudget, _ input: inout [UInt8]
    ) throws(ExchangeError) -> Bool {
        let outcome: ReadOutcome
        do throws(TransportError) {
            outcome = unsafe try client.read(into: ReadBuffer.shared.space)
        } catch {
            throw .clientGone
        }
        switch outcome {
        case .wouldBlock: return false
        case .end: throw .clientGone
        case .bytes(let count):
            lastProgress = EventLoop.now
            do throws(HTTPError) {
                try ReadBuffer.shared.withBytes(count) { bytes throws(HTTPError) in
                    let taken = try take(bytes, budget: budget)
                    input.append(bytes, taken..<count)
                }
            } catch {
                throw .malformedRequest(error)
            }
            return true
        }
    }

    private mutating func sendContinue(to client: Transport) throws(ExchangeError) {
        owesContinue = false
        var output: [UInt8] = []
        HeadWriter.statusLine(100, into: &output)
        HeadWriter.end(into: &output)
        // Nothing was written to this client before: its socket has room for a line.
        do throws(TransportError) { _ = try client.write(output.span) } catch { throw .clientGone }
    }

    /// Releases what the request holds of the budget.
    mutating func finish(_ budget: ByteBudget) {
        budget.giveBack(charged)
        charged = 0
        isReplayable = false
    }
}
