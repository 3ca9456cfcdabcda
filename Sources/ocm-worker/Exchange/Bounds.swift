internal import Glibc
internal import OCMHTTP
internal import OCMIPC

/// The limits and timeouts that the worker keeps, in the units that it counts in. What is switched off is `.max`.
struct Bounds: Sendable {
    var head: HeadLimits
    /// Bytes.
    var body: UInt64
    var replayBody: Int
    var buffers: Int
    var connections: Int
    var connectionsPerAddress: Int
    var requestsPerUser: Int
    var webSocketsPerUser: Int
    /// Bytes.
    var webSocketMessage: UInt64

    /// Nanoseconds.
    var headTime: UInt64
    var idle: UInt64
    var bodyStall: UInt64
    var writeStall: UInt64
    var upstreamSilence: UInt64
    var webSocketPing: UInt64

    /// Whether requests to upgrade to WebSocket are relayed.
    var webSockets: Bool

    init(_ configuration: WorkerConfiguration) {
        let limits = configuration.limits
        let timeouts = configuration.timeouts
        webSockets = configuration.webSockets
        head = HeadLimits(bytes: Self.bound(limits.headBytes, 1 << 30), fields: Self.bound(limits.headFields, 1 << 20))
        body = limits.bodyBytes == 0 ? .max : limits.bodyBytes
        replayBody = Int(clamping: limits.replayBody)
        // Parts and multiples of it are to stay numbers.
        buffers = Self.bound(limits.buffers, 1 << 60)
        connections = Self.bound(limits.connections, .max)
        connectionsPerAddress = Self.bound(limits.connectionsPerAddress, .max)
        requestsPerUser = Self.bound(limits.requestsPerUser, .max)
        webSocketsPerUser = Self.bound(limits.webSocketsPerUser, .max)
        webSocketMessage = limits.webSocketMessage == 0 ? .max : limits.webSocketMessage
        headTime = Self.nanoseconds(timeouts.head)
        idle = Self.nanoseconds(timeouts.idle)
        bodyStall = Self.nanoseconds(timeouts.bodyStall)
        writeStall = Self.nanoseconds(timeouts.writeStall)
        upstreamSilence = Self.nanoseconds(timeouts.upstreamSilence)
        webSocketPing = Self.nanoseconds(timeouts.webSocketPing)
    }

    private static func bound(_ value: UInt64, _ off: Int) -> Int {
        value == 0 ? off : Int(clamping: value)
    }

    private static func nanoseconds(_ milliseconds: UInt64) -> UInt64 {
        let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return milliseconds == 0 || overflow ? .max : product
    }
}
