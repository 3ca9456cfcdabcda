internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

extension Downlink {
    /// Meters the body bytes from `offset` on and writes them to the client behind `output`.
    mutating func relay(
        _ bytes: Span<UInt8>, from offset: Int, behind output: inout [UInt8], _ client: Transport, _ model: String
    ) throws(ExchangeError) {
        guard let framing = forwarding?.framing else { return }
        var run = offset..<offset
        var end = offset
        while let piece = try nextPiece(bytes, from: end, elseSending: (output, run), client) {
            end = piece.range.upperBound
            if piece.kind == .data { metering.scan(bytes.extracting(piece.range), model) }
            guard piece.kind == .data || (piece.kind == .framing && framing == .chunksAsTheyCome) else { continue }
            if piece.range.lowerBound == run.upperBound {
                run = run.lowerBound..<end
            } else {
                output.append(bytes, run)
                run = piece.range
            }
        }
        if body?.isComplete == true { complete(isClean: end == bytes.count, model) }
        if framing == .ownChunks, !run.isEmpty {
            ChunkWriter.begin(run.count, into: &output)
            output.append(bytes, run)
            ChunkWriter.end(into: &output)
            run = end..<end
        }
        try send(output.span, bytes.extracting(run), client)
    }

    /// Where the body is malformed, what is good so far still goes to the client, before the connection is cut.
    private mutating func nextPiece(
        _ bytes: Span<UInt8>, from offset: Int, elseSending good: (output: [UInt8], run: Range<Int>),
        _ client: Transport
    ) throws(ExchangeError) -> BodyPiece? {
        do throws(HTTPError) {
            return try body?.next(in: bytes, from: offset)
        } catch {
            try send(good.output.span, bytes.extracting(good.run), client)
            throw .malformedResponse(error)
        }
    }

    /// The upstream has closed its side.
    mutating func end(_ client: Transport, _ model: String) throws(ExchangeError) {
        guard let body, body.isWholeAtClose else {
            metering.finish(model)
            throw .upstreamFailed(hasAnswered ? "the response was cut off" : "closed without a response")
        }
        complete(isClean: false, model)
        guard forwarding?.framing == .ownChunks else { return }
        var last: [UInt8] = []
        ChunkWriter.last(into: &last)
        try send(last.span, client)
    }

    /// The response has been read.
    private mutating func complete(isClean: Bool, _ model: String) {
        metering.finish(model)
        phase = .complete
        if !isClean { upstreamKeepsAlive = false }
    }

    mutating func send(_ bytes: Span<UInt8>, _ client: Transport) throws(ExchangeError) {
        try send(bytes, bytes.extracting(0..<0), client)
    }

    private mutating func send(
        _ first: Span<UInt8>, _ second: Span<UInt8>, _ client: Transport
    ) throws(ExchangeError) {
        do throws(TransportError) {
            try outlet.send(first, second, to: client, isHeld: metering.handover.isHolding)
        } catch {
            throw .clientGone
        }
    }
}

extension [UInt8] {
    /// Appends a part of `bytes`.
    mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
