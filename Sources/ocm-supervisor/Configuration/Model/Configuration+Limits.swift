extension Configuration {
    /// Bounds on what clients may ask for (`supervisor.limits`). `nil` is no limit.
    struct Limits: Equatable, Sendable {
        /// How many connections a worker holds.
        enum Connections: Equatable, Sendable {
            /// Half of the descriptors that the worker may open.
            case halfOfDescriptors
            case unlimited
            case atMost(Int)
        }

        /// Bytes of a request's head, and how many fields it has; more is answered 431.
        var headBytes: Int? = 64 * 1024
        var headFields: Int? = 200
        /// Bytes of a request's body; more is answered 413.
        var bodyBytes: Int? = 128 * 1024 * 1024
        /// Bytes of one body that are kept for sending it again; 0 keeps none.
        var replayBody = 8 * 1024 * 1024
        /// Bytes of all buffers of a worker.
        var buffers: Int? = 64 * 1024 * 1024
        /// Per worker.
        var connections = Connections.halfOfDescriptors
        /// Per worker.
        var connectionsPerAddress: Int?
        /// Concurrent; more is answered 503 with retry-after.
        var requestsPerUser: Int?
        var websocketsPerUser: Int?
        /// Bytes of one message.
        var websocketMessage: Int? = 128 * 1024 * 1024
        /// Concurrent streams of one HTTP/2 connection.
        var h2Streams: Int? = 100
        /// Bytes of memory that a worker may map, used or not. None: what clients can make a worker use is bounded by the other
        /// limits, and a worker that meets this one dies, with all that it has open.
        var memory: Int?
    }

    /// Bounds on waiting (`supervisor.timeouts`). `nil` waits for as long as it takes.
    struct Timeouts: Equatable, Sendable {
        /// From the first byte of a request, or the accept, to the end of its head; then 408.
        var head: Duration? = .seconds(15)
        /// Between two requests of a connection.
        var idle: Duration? = .seconds(5 * 60)
        /// Without a byte of a request's body.
        var bodyStall: Duration? = .seconds(60)
        /// Without the client taking a byte.
        var writeStall: Duration? = .seconds(60)
        /// The TLS handshake of a client.
        var handshake: Duration? = .seconds(15)
        var upstreamConnect: Duration? = .seconds(10)
        /// Without a byte of the API while an answer is awaited or under way.
        var upstreamSilence: Duration? = .seconds(10 * 60)
        /// Without a byte of an end of a WebSocket until it is pinged, and then until it is taken to be gone.
        var websocketPing: Duration? = .seconds(30)
    }
}
