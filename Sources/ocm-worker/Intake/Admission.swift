internal import Glibc
internal import OCMEventLoop
internal import OCMHTTP

/// Why a connection is turned away.
enum Scarcity {
    /// Connections, as configured.
    case connections, connectionsOfAddress
    /// What is left is for the connections that there are.
    case memory, descriptors

    /// Accepting more would only cost more: others may have room, or this worker in a moment.
    var isPressing: Bool { self == .memory || self == .descriptors }

    var description: StaticString {
        switch self {
        case .connections: "limits.connections"
        case .connectionsOfAddress: "limits.connections_per_address"
        case .memory: "limits.buffers"
        case .descriptors: "open files"
        }
    }
}

/// The answer to a connection that there is no room for: made once, written without anything being read.
@EventLoop final class TurnAway {
    private let answer: [UInt8]
    /// Connections that were answered and are given a moment to read that.
    private var parting = 0

    /// A client that had sent its request could lose the answer, were its connection closed at once.
    private static let partingTime = Duration.seconds(1)
    private static let partingAtMost = 64
    /// Bytes that are read of what such a client goes on to send.
    private static let dropped = 64 * 1024

    init() {
        var response = ErrorResponse.overloaded
        response.closes = true
        var answer: [UInt8] = []
        response.write(answering: .get, into: &answer)
        self.answer = answer
    }

    func callAsFunction(_ socket: StreamSocket) {
        let answer = answer
        _ = try? socket.write(answer.span)
        guard parting < Self.partingAtMost else {
            // What has come already is taken, so that the connection ends without a reset in the usual case.
            socket.shutdownSending()
            socket.noteReadable()
            _ = unsafe try? socket.read(into: ReadBuffer.shared.space)
            socket.close()
            return
        }
        parting += 1
        EventLoop.spawn { [self] in
            await socket.closeLingering(dropping: Self.dropped, until: EventLoop.now + Self.partingTime)
            socket.wakeup.disarm()
            parting -= 1
        }
    }
}

/// Descriptors that a worker may open, as far as connections of clients go: some are kept for those to the API.
enum DescriptorCeiling {
    /// The system gives the lowest number that is free, so a number tells how many are open.
    static var number: Int32 {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        let most = Int32(clamping: limit.rlim_cur)
        return most - min(1024, most / 8)
    }
}
