internal import OCMEventLoop
internal import OCMHTTP

/// One connection of a browser: one request, one page.
@EventLoop final class CallbackConnection {
    private let socket: StreamSocket
    /// The request's line holds the code.
    private let received = SecretBuffer(capacity: CallbackConnection.limits.bytes)
    private let deadline: Instant

    private static let limits = HeadLimits(bytes: 32 << 10)
    /// A browser that connects ahead of need and says nothing is let go.
    private static let patience = Duration.seconds(20)
    /// Bytes that are read and dropped after an answer, so that the browser gets to see it.
    private static let lingerBytes = 1 << 20

    init(_ socket: StreamSocket, until deadline: Instant) {
        self.socket = socket
        self.deadline = min(deadline, .now + Self.patience)
    }

    /// nil where there was none, or none that asked for a page: then all is done.
    func request(state: Secret) async -> CallbackRequest? {
        var head = RequestHead()
        do {
            while true {
                if let request = try received.withBytes({ try parse($0, &head, state) }) { return request }
                guard try await readMore() else { break }
            }
        } catch is HTTPError {
            await answer(.malformed)
        } catch let page as Refused {
            await answer(page.page)
        } catch {}
        socket.close()
        return nil
    }

    /// Ends it at once, for the sake of others.
    func close() {
        socket.close()
        socket.wakeup.signal()
    }

    private struct Refused: Error {
        let page: CallbackPage
    }

    private func parse(
        _ bytes: Span<UInt8>, _ head: inout RequestHead, _ state: Secret
    ) throws -> CallbackRequest? {
        guard try head.parse(bytes, limits: Self.limits) != nil else { return nil }
        guard head.method == .get else { throw Refused(page: .wrongMethod) }
        return CallbackRequest(target: bytes.extracting(head.path), state: state)
    }

    /// False at the end.
    private func readMore() async throws -> Bool {
        while !received.isFull {
            switch try unsafe socket.read(into: received.room) {
            case .bytes(let count):
                received.noteFilled(count)
                return true
            case .end: return false
            case .wouldBlock: try await socket.readable(until: deadline)
            }
        }
        return false
    }

    /// Sends the page, and waits until the browser has it; the connection ends.
    func answer(_ page: CallbackPage) async {
        defer { socket.close() }
        let limit = EventLoop.now + .seconds(5)
        do { try await socket.writeAll(page.answer, until: limit) } catch { return }
        await socket.closeLingering(dropping: Self.lingerBytes, until: limit)
    }
}
