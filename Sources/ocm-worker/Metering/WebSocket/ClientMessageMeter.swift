internal import OCMHTTP

/// Reads the messages that a client sends over a WebSocket as they pass: `{"type":"response.create","model":…}` asks for a
/// response.
///
/// A value of fixed size, and a small one between two messages: what reads JSON is there until the model is found.
struct ClientMessageMeter: Sendable {
    /// The model that the last request named, at most 128 bytes; empty where it named none.
    private(set) var model = ""

    private enum Phase: Sendable {
        case start
        case reading
        /// Nothing more of the message is of interest.
        case passing
    }

    private var phase = Phase.start
    /// One while the phase is `reading`, else none.
    private var readings: [RequestDocument] = []
    private var isRequest = false

    /// Looks at the next bytes of a message, split anywhere.
    mutating func scan(_ bytes: Span<UInt8>) {
        if phase == .passing || bytes.isEmpty { return }
        if phase == .start {
            readings.append(RequestDocument())
            phase = .reading
        }
        if readings[0].scan(bytes) { finish() }
    }

    /// The message is complete: whether it asks for a response.
    mutating func endMessage() -> Bool {
        if phase == .reading { finish() }
        defer {
            phase = .start
            isRequest = false
        }
        return isRequest
    }

    private mutating func finish() {
        isRequest = readings[0].isRequest
        if isRequest { model = readings[0].model.string }
        readings = []
        phase = .passing
    }
}
