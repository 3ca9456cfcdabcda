/// Everything that a worker serves by. No path, no refresh token, no client's token.
package struct WorkerConfiguration: Equatable, Sendable {
    package var generation: UInt64
    package var log: Log
    package var limits: Limits
    package var timeouts: Timeouts
    /// Whether requests to upgrade to WebSocket are relayed; else they are answered 426.
    package var webSockets: Bool
    package var services: [Service]
    /// Certificates that upstream servers are verified by, in PEM; empty where no service needs TLS.
    package var roots: [UInt8]

    /// How the worker writes its log.
    package struct Log: Equatable, Sendable {
        /// The level's place in swift-log's list.
        package var level: UInt8
        /// The raw value of `LogForm`.
        package var form: UInt8
        package var hasTime: Bool
        /// Whether there is a line for each request.
        package var access: Bool

        package init(level: UInt8, form: UInt8, hasTime: Bool, access: Bool) {
            self.level = level
            self.form = form
            self.hasTime = hasTime
            self.access = access
        }
    }

    package struct Service: Equatable, Sendable {
        package var tag: String
        /// None means that nobody is asked for a token.
        package var users: [User]
        /// Set on each request to the API.
        package var headers: [Header]
        /// Where requests go in ChatGPT mode, and with an API key.
        package var chatGPT: Endpoint
        package var openAI: Endpoint

        package init(tag: String, users: [User], headers: [Header], chatGPT: Endpoint, openAI: Endpoint) {
            self.tag = tag
            self.users = users
            self.headers = headers
            self.chatGPT = chatGPT
            self.openAI = openAI
        }
    }

    package struct User: Equatable, Sendable {
        package var name: String
        /// SHA-256 of the token, 32 bytes.
        package var digest: [UInt8]

        package init(name: String, digest: [UInt8]) {
            self.name = name
            self.digest = digest
        }
    }

    package struct Header: Equatable, Sendable {
        package var name: String
        /// One field line each; none at all removes the client's field.
        package var values: [String]

        package init(name: String, values: [String]) {
            self.name = name
            self.values = values
        }
    }

    /// A base URL, taken apart.
    package struct Endpoint: Hashable, Sendable {
        package var usesTLS: Bool
        package var host: String
        package var port: UInt16
        /// Begins with a slash and does not end in one, or is empty.
        package var path: String

        package init(usesTLS: Bool, host: String, port: UInt16, path: String) {
            self.usesTLS = usesTLS
            self.host = host
            self.port = port
            self.path = path
        }
    }

    /// Sizes in bytes; 0 switches a limit off.
    package struct Limits: Equatable, Sendable {
        package var headBytes: UInt64
        package var headFields: UInt64
        package var bodyBytes: UInt64
        package var replayBody: UInt64
        package var buffers: UInt64
        package var connections: UInt64
        package var connectionsPerAddress: UInt64
        package var requestsPerUser: UInt64
        package var webSocketsPerUser: UInt64
        /// Of one message.
        package var webSocketMessage: UInt64

        package init(
            headBytes: UInt64, headFields: UInt64, bodyBytes: UInt64, replayBody: UInt64, buffers: UInt64,
            connections: UInt64, connectionsPerAddress: UInt64, requestsPerUser: UInt64, webSocketsPerUser: UInt64,
            webSocketMessage: UInt64
        ) {
            self.headBytes = headBytes
            self.headFields = headFields
            self.bodyBytes = bodyBytes
            self.replayBody = replayBody
            self.buffers = buffers
            self.connections = connections
            self.connectionsPerAddress = connectionsPerAddress
            self.requestsPerUser = requestsPerUser
            self.webSocketsPerUser = webSocketsPerUser
            self.webSocketMessage = webSocketMessage
        }
    }

    /// In milliseconds; 0 switches a timeout off.
    package struct Timeouts: Equatable, Sendable {
        package var head: UInt64
        package var idle: UInt64
        package var bodyStall: UInt64
        package var writeStall: UInt64
        package var handshake: UInt64
        package var upstreamConnect: UInt64
        package var upstreamSilence: UInt64
        /// After so long without a byte of it an end of a WebSocket is pinged, and after as long again it is gone.
        package var webSocketPing: UInt64

        package init(
            head: UInt64, idle: UInt64, bodyStall: UInt64, writeStall: UInt64, handshake: UInt64,
            upstreamConnect: UInt64, upstreamSilence: UInt64, webSocketPing: UInt64
        ) {
            self.head = head
            self.idle = idle
            self.bodyStall = bodyStall
            self.writeStall = writeStall
            self.handshake = handshake
            self.upstreamConnect = upstreamConnect
            self.upstreamSilence = upstreamSilence
            self.webSocketPing = webSocketPing
        }
    }

    package init(
        generation: UInt64, log: Log, limits: Limits, timeouts: Timeouts, webSockets: Bool, services: [Service],
        roots: [UInt8]
    ) {
        self.generation = generation
        self.log = log
        self.limits = limits
        self.timeouts = timeouts
        self.webSockets = webSockets
        self.services = services
        self.roots = roots
    }
}
