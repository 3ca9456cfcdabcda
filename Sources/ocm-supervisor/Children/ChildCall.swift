internal import Glibc
internal import OCMEventLoop

/// Why a child gave no answer.
enum ChildFailure: Error, Equatable, Sendable {
    case system(SystemError)
    /// It was ended because it took too long.
    case timedOut
    /// It ended before it had answered.
    case ended(ChildProcess.Exit)
    case tooLong
    case cancelled
}

extension ChildFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .timedOut: "the child process took too long"
        case .ended(let exit): "the child process ended with \(exit)"
        case .tooLong: "the child process gave too long an answer"
        case .cancelled: "the supervisor is stopping"
        }
    }
}

/// A hidden command of our own program, run as a child for one question and one answer.
///
/// The question goes in on its standard input, the answer comes on its standard output: one socket pair. Nothing of
/// either is in the arguments or the environment.
struct ChildCall: Sendable {
    /// Absolute path of the program, found out at start: a package upgrade may replace the file.
    let program: String
    let command: String
    /// Descriptors that it gets as 3, 4 and so on.
    var descriptors: [Int32] = []
    /// Whether it goes on when the supervisor dies.
    var outlivesParent = false

    /// `limit`: bytes of the answer at most. When the deadline passes the child is killed.
    @EventLoop func answer(
        to question: Secret, limit: Int, until deadline: Instant
    ) async throws(ChildFailure) -> Secret {
        let socket: StreamSocket
        let child: ChildProcess
        do throws(SystemError) {
            let (ours, theirs) = try StreamSocket.pair(wakeup: Wakeup())
            socket = ours
            let owner = FileDescriptor(owning: theirs)
            child = try start(with: owner, besides: ours)
        } catch {
            throw .system(error)
        }
        defer { socket.close() }
        do {
            try await send(question, over: socket, until: deadline)
            let answer = try await receive(from: socket, limit: limit, until: deadline)
            let exit = try await child.exit(until: deadline)
            guard exit == .code(0) else { throw ChildFailure.ended(exit) }
            return answer
        } catch {
            let failure = ChildFailure(error)
            // One that outlives its parent brings its work to an end, whatever the parent thinks of.
            if !outlivesParent || failure != .cancelled { child.kill(SIGKILL) }
            throw failure
        }
    }

    @EventLoop private func start(
        with socket: borrowing FileDescriptor, besides ours: StreamSocket
    ) throws(SystemError) -> ChildProcess {
        do throws(SystemError) {
            return try ChildProcess(plan(socket.number))
        } catch {
            ours.close()
            throw error
        }
    }

    private func plan(_ socket: Int32) -> ChildProcess.Plan {
        var plan = ChildProcess.Plan(path: program, arguments: ["ocm-supervisor", command])
        plan.environment = Self.environment
        plan.descriptors = [(socket, 0), (socket, 1), (2, 2)]
        for (index, descriptor) in descriptors.enumerated() { plan.descriptors.append((descriptor, 3 + Int32(index))) }
        plan.deathSignal = outlivesParent ? 0 : SIGKILL
        return plan
    }

    /// What the C library and OpenSSL go by, and nothing else.
    private static let inherited = ["SSL_CERT_FILE", "SSL_CERT_DIR", "RES_OPTIONS", "LOCALDOMAIN", "HOSTALIASES"]

    private static var environment: [String] {
        inherited.compactMap { name in
            guard let value = unsafe getenv(name) else { return nil }
            return unsafe "\(name)=\(String(cString: value))"
        }
    }

    @EventLoop private func send(_ question: Secret, over socket: StreamSocket, until deadline: Instant) async throws {
        try await socket.writeAll(count: question.count, until: deadline) { position throws(SystemError) in
            try question.withBytes { bytes throws(SystemError) in
                try socket.write(bytes.extracting(droppingFirst: position))
            }
        }
        socket.shutdownSending()
    }

    @EventLoop private func receive(
        from socket: StreamSocket, limit: Int, until deadline: Instant
    ) async throws -> Secret {
        let collected = SecretBuffer(capacity: limit + 1)
        while true {
            switch try unsafe socket.read(into: collected.room) {
            case .bytes(let count):
                collected.noteFilled(count)
                if collected.isFull { throw ChildFailure.tooLong }
            case .end:
                return collected.contents
            case .wouldBlock:
                try await socket.readable(until: deadline)
            }
        }
    }
}

extension ChildFailure {
    fileprivate init(_ error: any Error) {
        switch error {
        case let error as ChildFailure: self = error
        case let error as SystemError: self = .system(error)
        case WaitError.timedOut: self = .timedOut
        default: self = .cancelled
        }
    }
}
