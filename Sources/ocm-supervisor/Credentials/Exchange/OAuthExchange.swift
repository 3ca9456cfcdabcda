internal import Glibc
internal import OCMEventLoop
internal import OCMHTTP
internal import OCMTLS

/// One exchange of a refresh token, as the child does it.
///
/// What is on disk at each moment, should anything be killed there:
///
/// 1. Before the request is sent: the old token, which is good.
/// 2. From then until the first byte of the answer is read: the old token. Once the server has rotated it, the new one
///    exists only on the network: killing this child now loses the login, killing the supervisor does not, since this
///    child goes on. No client can do better.
/// 3. While the answer is read: each piece is in the recovery copy before anyone looks at it.
/// 4. From the end of the answer: the whole of it, fsynced. The supervisor is told after that only.
/// 5. From the rename of auth.json, whose text was fsynced before, and the fsync of the directory: the new token in
///    both; then the copy is removed.
///
/// The child holds the lock file's descriptor: the next supervisor looks for copies when it has got the lock, and so
/// when this exchange has come to its end.
@EventLoop struct OAuthExchange {
    let order: ExchangeOrder
    private let deadline: Instant

    init(_ order: ExchangeOrder) {
        self.order = order
        deadline = .now + .milliseconds(order.deadlines.total)
    }

    func run() async -> ExchangeResult {
        do throws(SystemError) {
            let copy = try RecoveryCopy.create(order.copy, spending: order.refreshToken)
            let result = await exchange(keepingIn: copy.number)
            // Without tokens there is nothing in it to be kept.
            if case .failure = result { unsafe unlink(order.copy) }
            return result
        } catch {
            guard order.isUrgent else { return .failure(.failed(.storage, "\(error)")) }
            return await exchange(keepingIn: nil)
        }
    }

    private func exchange(keepingIn copy: Int32?) async -> ExchangeResult {
        do {
            let body = OAuthRequest.body(exchanging: order.refreshToken)
            let head = try OAuthRequest.head(to: order.endpoint, bodyLength: body.count)
            let transport = try await OAuthConnection(order: order, deadline: deadline).open()
            defer { transport.close() }
            try await send(head, body, over: transport)
            return try await receive(from: transport, into: copy)
        } catch {
            return .failure(failure(error))
        }
    }

    private func send(_ head: [UInt8], _ body: Secret, over transport: Transport) async throws {
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

    private func receive(from transport: Transport, into copy: Int32?) async throws -> ExchangeResult {
        var response = OAuthResponse()
        while !response.isComplete {
            let room = unsafe response.room
            guard room.count > 0 else { throw RefreshFailure.failed(.exchange, "the answer is too long") }
            switch try unsafe transport.read(into: room) {
            case .bytes(let count):
                if let copy { unsafe keep(UnsafeRawBufferPointer(rebasing: room[..<count]), in: copy) }
                try response.noteReceived(count)
            case .end:
                guard response.isWholeAtClose else { throw RefreshFailure.failed(.exchange, "the answer was cut off") }
                return finish(response, copy)
            case .wouldBlock:
                try await transport.readable(until: deadline)
            }
        }
        return finish(response, copy)
    }

    private func finish(_ response: OAuthResponse, _ copy: Int32?) -> ExchangeResult {
        if let copy { _ = fsync(copy) }
        return response.result
    }

    /// A piece of the answer goes to disk before anyone looks at it. Where that fails, though room was promised, the
    /// answer goes on to the supervisor all the same, which is the next best place for it.
    private func keep(_ bytes: UnsafeRawBufferPointer, in copy: Int32) {
        let span = unsafe bytes.bindMemory(to: UInt8.self).span
        try? RecoveryCopy.append(span, to: copy)
    }

    private func failure(_ error: any Error) -> RefreshFailure {
        switch error {
        case let failure as RefreshFailure: failure
        case WaitError.timedOut: .failed(.deadline, "no answer within \(order.deadlines.total / 1000) s")
        case is HTTPError: .failed(.exchange, "the endpoint's URL or its answer is not valid HTTP")
        default: .failed(.exchange, "\(error)")
        }
    }
}
