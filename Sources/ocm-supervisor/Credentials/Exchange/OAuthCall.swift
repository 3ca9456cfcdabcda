internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

/// One POST to the OAuth server and its answer, on a connection of its own.
@EventLoop struct OAuthCall {
    /// The whole URL.
    let url: BaseURL
    let body: Secret
    var contentType = OAuthRequest.ContentType.json
    let trust: [TrustSource]
    var deadlines = Deadlines()

    /// Milliseconds.
    struct Deadlines: Equatable, Sendable {
        /// For each address.
        var connect = 10_000
        var handshake = 15_000
        var total = 60_000
    }

    /// The whole answer, whatever its status. Each piece of it is handed to `keep` before anyone looks at it.
    func response(
        keep: (Span<UInt8>) -> Void = { _ in }
    ) async throws(RefreshFailure) -> OAuthResponse {
        let deadline = EventLoop.now + .milliseconds(deadlines.total)
        do {
            let head = try OAuthRequest.head(to: url, contentType, bodyLength: body.count)
            let transport = try await OAuthConnection(
                endpoint: url, trust: trust, deadlines: deadlines, deadline: deadline
            ).open()
            defer { transport.close() }
            try await send(head, over: transport, until: deadline)
            return try await receive(from: transport, until: deadline, keep)
        } catch {
            throw failure(error)
        }
    }

    private func send(_ head: [UInt8], over transport: Transport, until deadline: Instant) async throws {
        let length = head.count + body.count
        var sent = 0
        while sent < length {
            sent += try body.withBytes { body in
                try transport.write(
                    head.span.extracting(droppingFirst: min(sent, head.count)),
                    body.extracting(droppingFirst: max(0, sent - head.count)))
            }
            if sent < length { try await transport.writable(until: deadline) }
        }
    }

    private func receive(
        from transport: Transport, until deadline: Instant, _ keep: (Span<UInt8>) -> Void
    ) async throws -> OAuthResponse {
        var response = OAuthResponse()
        while !response.isComplete {
            let room = unsafe response.room
            guard room.count > 0 else { throw RefreshFailure.failed(.exchange, "the answer is too long") }
            switch try unsafe transport.read(into: room) {
            case .bytes(let count):
                unsafe keep(UnsafeRawBufferPointer(rebasing: room[..<count]).bindMemory(to: UInt8.self).span)
                try response.noteReceived(count)
            case .end:
                guard response.isWholeAtClose else { throw RefreshFailure.failed(.exchange, "the answer was cut off") }
                return response
            case .wouldBlock:
                try await transport.readable(until: deadline)
            }
        }
        return response
    }

    private func failure(_ error: any Error) -> RefreshFailure {
        switch error {
        case let failure as RefreshFailure: failure
        case WaitError.timedOut: .failed(.deadline, "no answer within \(deadlines.total / 1000) s")
        case HTTPError.bodyTooLarge, HTTPError.headTooLarge: .failed(.exchange, "the answer is too long")
        case is HTTPError: .failed(.exchange, "the endpoint's URL or its answer is not valid HTTP")
        default: .failed(.exchange, "\(error)")
        }
    }
}
