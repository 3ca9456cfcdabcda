import FoundationEssentials
import Glibc
import OCMEventLoop
import OCMHTTP

/// What a supervisor answered.
struct AdminAnswer: Sendable {
    let status: Int
    let body: [UInt8]

    /// What it says of why it is not what was asked for.
    var reason: String? {
        struct Refusal: Decodable {
            struct Reason: Decodable { let message: String }
            let error: Reason
        }
        return try? JSONDecoder().decode(Refusal.self, from: Data(body)).error.message
    }

    /// The body, where the answer is one that was asked for.
    func body(accepting statuses: Set<Int> = [200]) throws(AdminClientFailure) -> [UInt8] {
        guard statuses.contains(status) else { throw AdminClientFailure(self) }
        return body
    }
}

/// Why there is no answer.
enum AdminClientFailure: Error, Equatable {
    /// There is no socket of that name.
    case absent
    /// There is one, on which nobody answers: left by a supervisor that was killed.
    case abandoned
    /// Something of that name is no socket, or no stream socket.
    case notASocket
    /// This user may not connect.
    case forbidden
    /// Connected, and then nothing came in time.
    case silent
    /// It answered, but not what it was asked for: too busy, or of another version.
    case refused(status: Int, reason: String?)
    /// What answers is no supervisor, or the answer broke off.
    case garbled
    case system(SystemError)

    /// Of an answer that is not what was asked for.
    init(_ answer: AdminAnswer) {
        self = answer.status == 403 ? .forbidden : .refused(status: answer.status, reason: answer.reason)
    }

    init(_ error: SystemError) {
        self =
            switch error.code {
            case ENOENT, ENOTDIR: .absent
            case ECONNREFUSED: .abandoned
            case ENOTSOCK, EPROTOTYPE: .notASocket
            case EACCES, EPERM: .forbidden
            case EAGAIN, ETIMEDOUT: .silent
            case ECONNRESET, EPIPE: .garbled
            default: .system(error)
            }
    }
}

/// One request to a supervisor on its admin socket, as the commands make it.
@EventLoop struct AdminClient {
    let path: String
    private let deadline: Instant

    nonisolated static let patience = Duration.seconds(5)
    /// Years of usage by day, user and model are tens of megabytes.
    private static let longestAnswer = 256 << 20

    private init(_ path: String, patience: Duration) {
        self.path = path
        deadline = EventLoop.now + patience
    }

    /// Asks, and blocks until the answer is there. For commands: it runs the loop.
    nonisolated static func ask(
        _ method: Method, _ target: String, on path: String, patience: Duration = patience
    ) throws(AdminClientFailure) -> AdminAnswer {
        let outcome = Outcome()
        EventLoop.run {
            do throws(AdminClientFailure) {
                outcome.result = .success(try await answer(to: method, target, on: path, patience: patience))
            } catch {
                outcome.result = .failure(error)
            }
        }
        return try outcome.value.get()
    }

    /// As ``ask(_:_:on:patience:)``, for who runs the loop.
    static func answer(
        to method: Method, _ target: String, on path: String, patience: Duration = patience
    ) async throws(AdminClientFailure) -> AdminAnswer {
        try await AdminClient(path, patience: patience).ask(method, target)
    }

    private func ask(_ method: Method, _ target: String) async throws(AdminClientFailure) -> AdminAnswer {
        do {
            let socket = try await connect()
            defer { socket.close() }
            try await send(method, target, over: socket)
            return try await receive(answering: method, from: socket)
        } catch let error as SystemError {
            throw AdminClientFailure(error)
        } catch let error as AdminClientFailure {
            throw error
        } catch is WaitError {
            throw .silent
        } catch {
            throw .garbled
        }
    }

    /// A listener whose queue is full is asked again until it has room.
    private func connect() async throws(SystemError) -> StreamSocket {
        while true {
            do throws(SystemError) {
                return try await StreamSocket.connect(to: .unix(path: path), until: deadline, wakeup: Wakeup())
            } catch {
                guard error.code == EAGAIN, EventLoop.now < deadline else { throw error }
            }
            try? await EventLoop.sleep(for: .milliseconds(20))
        }
    }

    private func send(_ method: Method, _ target: String, over socket: StreamSocket) async throws {
        var head: [UInt8] = []
        let bytes = Array(target.utf8)
        let none: [UInt8] = []
        try HeadWriter.requestLine(method, prefix: none.span, target: bytes.span, into: &head)
        HeadWriter.field("host", "ocm", into: &head)
        HeadWriter.field("content-length", 0, into: &head)
        HeadWriter.end(into: &head)
        try await socket.writeAll(head, until: deadline)
    }

    private func receive(answering method: Method, from socket: StreamSocket) async throws -> AdminAnswer {
        var received: [UInt8] = []
        while received.count < Self.longestAnswer {
            switch try unsafe socket.read(into: ReadBuffer.shared.space) {
            case .bytes(let count):
                ReadBuffer.shared.withBytes(count) { bytes in
                    for index in bytes.indices { received.append(bytes[index]) }
                }
            case .wouldBlock: try await socket.readable(until: deadline)
            // The supervisor closes after each answer.
            case .end: return try Self.answer(received, to: method)
            }
        }
        throw AdminClientFailure.garbled
    }

    private static func answer(_ received: [UInt8], to method: Method) throws -> AdminAnswer {
        var head = ResponseHead()
        guard let length = try head.parse(received.span, answering: method) else { throw AdminClientFailure.garbled }
        var reader = try BodyReader(head.framing)
        var body: [UInt8] = []
        var offset = length
        while let piece = try reader.next(in: received.span, from: offset) {
            if piece.kind == .data { body += received[piece.range] }
            offset = piece.range.upperBound
        }
        guard reader.isWholeAtClose else { throw AdminClientFailure.garbled }
        return AdminAnswer(status: head.status, body: body)
    }
}

/// Leaves the loop with what came.
@EventLoop private final class Outcome {
    var result = Result<AdminAnswer, AdminClientFailure>.failure(.silent)
    nonisolated init() {}

    nonisolated var value: Result<AdminAnswer, AdminClientFailure> { EventLoop.assumeIsolated { result } }
}
