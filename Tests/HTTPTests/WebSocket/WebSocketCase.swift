import Testing

@testable import OCMHTTP

/// A frame as a test writes it, rules kept or not.
struct TestFrame: Sendable {
    enum LengthForm: Sendable {
        case shortest, two, eight
    }

    /// FIN, reserved bits and opcode.
    var first: UInt8
    var payload: [UInt8]
    var form = LengthForm.shortest
    /// Nil where it is as the sender's role demands.
    var isMasked: Bool?
    /// Length that the head states; nil where it is the payload's.
    var stated: UInt64?

    func bytes(from sender: WebSocketSender, key: [UInt8]) -> [UInt8] {
        let isMasked = isMasked ?? (sender == .client)
        let mask: UInt8 = isMasked ? 0x80 : 0
        let length = stated ?? UInt64(payload.count)
        var bytes = [first]
        let places: Int
        switch form {
        case .shortest: places = length < 126 ? 0 : length < 0x10000 ? 2 : 8
        case .two: places = 2
        case .eight: places = 8
        }
        bytes.append(mask | (places == 0 ? UInt8(length) : places == 2 ? 126 : 127))
        bytes += (0..<places).reversed().map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) }
        if isMasked { bytes += key }
        bytes += isMasked ? payload.enumerated().map { $1 ^ key[$0 % 4] } : payload
        return bytes
    }
}

func text(_ payload: String, final: Bool = true) -> TestFrame {
    text(Array(payload.utf8), final: final)
}

func text(_ payload: [UInt8], final: Bool = true) -> TestFrame {
    TestFrame(first: final ? 0x81 : 0x01, payload: payload)
}

func binary(_ payload: [UInt8], final: Bool = true) -> TestFrame {
    TestFrame(first: final ? 0x82 : 0x02, payload: payload)
}

func more(_ payload: String, final: Bool = false) -> TestFrame {
    more(Array(payload.utf8), final: final)
}

func more(_ payload: [UInt8], final: Bool = false) -> TestFrame {
    TestFrame(first: final ? 0x80 : 0x00, payload: payload)
}

func last(_ payload: String) -> TestFrame { more(payload, final: true) }

func ping(_ payload: String = "") -> TestFrame { TestFrame(first: 0x89, payload: Array(payload.utf8)) }

func pong(_ payload: String = "") -> TestFrame { TestFrame(first: 0x8A, payload: Array(payload.utf8)) }

func close(_ payload: [UInt8] = []) -> TestFrame { TestFrame(first: 0x88, payload: payload) }

func close(_ code: UInt16, _ reason: String = "") -> TestFrame {
    close([UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
}

/// `count` letters.
func letters(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(ascii: "a") + UInt8($0 % 26) }
}

/// A sequence of frames, and how far a reader may come in it.
struct WebSocketCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var frames: [TestFrame]
    /// How many of them are given out.
    var delivered: Int
    var error: WebSocketError?
    var limit = UInt64.max

    init(
        _ name: String, _ frames: [TestFrame], delivers: Int? = nil, _ error: WebSocketError? = nil,
        limit: UInt64 = .max
    ) {
        testDescription = name
        self.frames = frames
        delivered = delivers ?? (error == nil ? frames.count : frames.count - 1)
        self.error = error
        self.limit = limit
    }
}
