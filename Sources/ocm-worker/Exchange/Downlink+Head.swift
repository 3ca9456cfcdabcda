internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

extension Downlink {
    /// Reads the heads at the beginning of `bytes`, interim ones and the final one, and goes on with the body.
    mutating func processHeads(
        _ bytes: Span<UInt8>, _ output: inout [UInt8], _ client: Transport, _ model: String, _ mayKeepAlive: Bool
    ) throws(ExchangeError) -> Verdict {
        var offset = 0
        while true {
            let rest = bytes.extracting(offset..<bytes.count)
            guard let length = try parse(&Scratch.responseHead, rest) else {
                Scratch.responseHead.reset()
                unread.append(rest, 0..<rest.count)
                try send(output.span, client)
                return .goesOn
            }
            offset += length
            if Scratch.responseHead.status == 101 {
                try accept(Scratch.responseHead, of: rest, &output)
                unread.append(bytes, offset..<bytes.count)
                try send(output.span, client)
                return .switched
            }
            if Scratch.responseHead.isInterim {
                interimCount += 1
                guard interimCount <= Self.interimAtMost else { throw .upstreamFailed("too many interim responses") }
                if request.version == .http11 {
                    ResponseForwarding.appendInterim(Scratch.responseHead, of: rest, to: &output)
                }
                continue
            }
            if Scratch.responseHead.status == 401 { return .rejected }
            try answer(with: Scratch.responseHead, of: rest, mayKeepAlive: mayKeepAlive, to: &output)
            try relay(bytes, from: offset, behind: &output, client, model)
            return .goesOn
        }
    }

    private func parse(_ head: inout ResponseHead, _ bytes: Span<UInt8>) throws(ExchangeError) -> Int? {
        do throws(HTTPError) {
            return try head.parse(bytes, answering: request.method)
        } catch {
            throw .malformedResponse(error)
        }
    }

    /// The API accepts an upgrade; so does this service, then.
    private mutating func accept(
        _ head: ResponseHead, of bytes: Span<UInt8>, _ output: inout [UInt8]
    ) throws(ExchangeError) {
        guard let upgrade = request.upgrade else { throw .upstreamFailed("switched protocols unasked") }
        do throws(WebSocketAcceptance.Fault) {
            try upgrade.writeAcceptance(head, of: bytes, to: &output)
        } catch {
            throw .upstreamFailed(error.description)
        }
        note(head, of: bytes)
        metering.begin(head, of: bytes)
    }

    /// What the log says of a final response.
    private mutating func note(_ head: ResponseHead, of bytes: Span<UInt8>) {
        status = head.status
        firstByte = EventLoop.now
        if let field = head.fields.first(where: { $0.id == .xRequestID }) {
            requestID.append(bytes.extracting(field.value))
        }
        hasAnswered = true
    }

    /// Takes the head of the final response.
    private mutating func answer(
        with head: ResponseHead, of bytes: Span<UInt8>, mayKeepAlive: Bool, to output: inout [UInt8]
    ) throws(ExchangeError) {
        do throws(HTTPError) { body = try BodyReader(head.framing) } catch { throw .malformedResponse(error) }
        let forwarding = ResponseForwarding(head, to: request, mayKeepAlive: mayKeepAlive)
        forwarding.append(head, of: bytes, to: &output)
        self.forwarding = forwarding
        upstreamKeepsAlive = head.keepsAlive
        note(head, of: bytes)
        metering.begin(head, of: bytes)
        phase = .body
    }
}
