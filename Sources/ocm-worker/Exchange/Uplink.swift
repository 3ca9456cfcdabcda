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
    /// Bytes that make a body go on: whoever sends less in the time that a body may stall has stalled.
    private static let leastProgress: UInt64 = 4096
    /// What the buffer keeps of its memory between two reads.
    private static let smallBuffer = 4096

    private var buffer: [UInt8] = []
    private var sent = 0
    private var body: BodyReader
    /// Finds the model for answers that name none.
    private(set) var meter: RequestMeter?
    /// The whole request so far is in the buffer.
    private(set) var isReplayable = true
    /// Bytes of the body that count as kept for sending the request again.
    private var charged = 0
    private let replayLimit: Int
    /// The API's connection takes no more: only the answer matters now.
    private(set) var isAbandoned = false
    /// When bytes last moved.
    private(set) var lastProgress: Instant
    /// Since when, and since which byte of the body, a client is to send ``leastProgress`` more.
    private(set) var stallStart: Instant
    private var stallOffset: UInt64 = 0
    /// The API's connection holds the body up, or the head has not gone out: the client can't be blamed meanwhile.
    private var isHeldUp = true
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
        stallStart = EventLoop.now
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
    /// Bytes in the buffer that do not count as kept for sending again.
    var held: Int { buffer.count - charged }

    /// Takes body bytes from the client into the buffer.
    ///
    /// - Returns: how many of them belong to the body.
    mutating func take(_ bytes: Span<UInt8>, from start: Int = 0, budget: BufferBudget) throws(HTTPError) -> Int {
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

    private mutating func charge(_ count: Int, _ budget: BufferBudget) {
        if charged + count <= replayLimit, budget.keep(count) {
            charged += count
        } else {
            forgetReplay(budget)
        }
    }

    /// The request will not be sent again: frees what was kept for that.
    mutating func forgetReplay(_ budget: BufferBudget) {
        guard isReplayable else { return }
        isReplayable = false
        budget.forget(charged)
        charged = 0
        buffer = sent < buffer.count ? Array(buffer[sent...]) : []
        sent = 0
    }

    /// Starts again from the head, which may be another one.
    mutating func rewind() {
        sent = 0
        isAbandoned = false
        lastProgress = EventLoop.now
        isHeldUp = true
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
        from client: Transport, to upstream: Transport, budget: BufferBudget, input: inout [UInt8]
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
        guard sent == buffer.count else {
            isHeldUp = true
            return false
        }
        if isHeldUp { noteClientsTurn() }
        if !isReplayable {
            buffer.removeAll(keepingCapacity: buffer.capacity <= Self.smallBuffer)
            sent = 0
        }
        return true
    }

    /// False where there is nothing to read.
    private mutating func receive(
        from client: Transport, _ budget: BufferBudget, _ input: inout [UInt8]
    ) throws(ExchangeError) -> Bool {
        let outcome: ReadOutcome
        do throws(TransportError) {
            outcome = unsafe try client.read(into: ReadBuffer.shared.space(atMost: budget.readSize))
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
            if body.received - stallOffset >= Self.leastProgress { noteClientsTurn() }
            return true
        }
    }

    /// From now on it is the client that has to go on.
    private mutating func noteClientsTurn() {
        isHeldUp = false
        stallStart = EventLoop.now
        stallOffset = body.received
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
    mutating func finish(_ budget: BufferBudget) {
        budget.forget(charged)
        charged = 0
        isReplayable = false
    }
}
