import OCMEventLoop
import OCMHTTP

/// One connection to the admin socket, from its first byte to its end: one request, one answer.
///
/// Whatever comes in is bounded in bytes and time, and nothing here waits for the peer but on the loop.
@EventLoop final class AdminConnection {
    private let socket: StreamSocket
    /// Makes what it is answered when the socket closes for good, where it waits for that.
    private var last: (() -> [UInt8])?

    /// How long a request may take to come in; as long may its answer take to be read.
    static let patience = Duration.seconds(5)
    /// Bytes of a refused request that are read and dropped, so that its sender gets to see the answer.
    private static let lingerBytes = 1 << 20

    init(_ socket: StreamSocket) {
        self.socket = socket
    }

    /// Reads the request, answers with what `answer` makes of it, and closes.
    func serve(_ answer: (AdminRequest) async -> AdminResponse) async {
        defer { socket.close() }
        do {
            guard let request = try await receive(until: EventLoop.now + Self.patience) else { return }
            let response = await answer(request)
            if let last = response.last {
                try await wait { last().bytes(answering: request.method) }
            } else {
                try await send(response.bytes(answering: request.method))
            }
        } catch let error as HTTPError {
            await refuse(AdminResponse(ErrorResponse(error)))
        } catch WaitError.timedOut where socket.mayWrite {
            await refuse(.error(408, "invalid_request_error", "the request did not come in time"))
        } catch {
            // The peer is gone, or does not read its answer: there is nobody to tell.
        }
    }

    /// Its answer comes at the end.
    var isWaiting: Bool { last != nil }

    /// Until the peer closes, or ``part()``.
    private func wait(_ answer: @escaping () -> [UInt8]) async throws {
        last = answer
        while try await read(until: .never) != nil {}
    }

    /// Ends it, with the answer that was to come at the end.
    func part() {
        if let last { _ = try? socket.write(last().span) }
        close()
    }

    /// Ends it at once, for the sake of others.
    func turnAway() {
        let answer = AdminResponse.error(503, "overloaded_error", "too many connections at once")
        _ = try? socket.write(answer.bytes(answering: .get).span)
        close()
    }

    func close() {
        socket.close()
        socket.wakeup.signal()
    }

    /// Nil where the peer closes before it has asked.
    private func receive(until deadline: Instant) async throws -> AdminRequest? {
        var reader = AdminRequestReader()
        while let count = try await read(until: deadline) {
            if let request = try ReadBuffer.shared.withBytes(
                count, { bytes throws(HTTPError) in try reader.take(bytes) })
            {
                return request
            }
        }
        return nil
    }

    /// How many bytes have come into the shared buffer; nil where the peer sends no more.
    private func read(until deadline: Instant) async throws -> Int? {
        while true {
            switch try unsafe socket.read(into: ReadBuffer.shared.space) {
            case .bytes(let count): return count
            case .end: return nil
            case .wouldBlock: try await socket.readable(until: deadline)
            }
        }
    }

    private func send(_ bytes: [UInt8]) async throws {
        try await socket.writeAll(bytes, until: EventLoop.now + Self.patience)
        socket.shutdownSending()
    }

    private func refuse(_ response: AdminResponse) async {
        do { try await send(response.bytes(answering: .get)) } catch { return }
        await socket.closeLingering(dropping: Self.lingerBytes, until: EventLoop.now + Self.patience)
    }
}
