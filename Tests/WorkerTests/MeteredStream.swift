import Testing

@testable import ocm_worker

/// A response's body, and what a meter is to find in it.
struct MeteredStream: Sendable, CustomTestStringConvertible {
    var name: String
    var api = ResponseMeter.API.responses
    var format = ResponseMeter.Format.eventStream
    var body: [UInt8]
    var expected: TokenUsage?

    var testDescription: String { name }

    init(
        _ name: String, api: ResponseMeter.API = .responses, format: ResponseMeter.Format = .eventStream,
        _ body: String, _ expected: TokenUsage?
    ) {
        self.init(name, api: api, format: format, bytes: Array(body.utf8), expected)
    }

    init(
        _ name: String, api: ResponseMeter.API = .responses, format: ResponseMeter.Format = .eventStream,
        bytes: [UInt8], _ expected: TokenUsage?
    ) {
        self.name = name
        self.api = api
        self.format = format
        self.body = bytes
        self.expected = expected
    }
}

extension ResponseMeter {
    /// What a new meter finds in `body`, shown in pieces of the lengths that `nextLength` gives.
    static func usage(
        of body: [UInt8], api: API, format: Format?, pieces nextLength: () -> Int
    ) -> (usage: TokenUsage?, consumed: Int, reports: Int) {
        var meter = ResponseMeter(api: api, format: format)
        var result: (usage: TokenUsage?, consumed: Int, reports: Int) = (nil, body.count, 0)
        var position = 0
        while position < body.count {
            let end = position + min(body.count - position, nextLength())
            if let usage = meter.scan(body.span.extracting(position..<end)) {
                result = (usage, end, result.reports + 1)
            }
            position = end
        }
        if let usage = meter.finish() { result = (usage, body.count, result.reports + 1) }
        if let usage = meter.finish() { result = (usage, body.count, result.reports + 1) }
        return result
    }
}

/// A generator that gives the same numbers in every run (xorshift64*).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed == 0 ? 0x9E37_79B9_7F4A_7C15 : seed
    }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
