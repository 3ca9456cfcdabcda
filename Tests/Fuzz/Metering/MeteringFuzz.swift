import FuzzSupport

@testable import ocm_worker

/// One input: a byte that chooses API, format and pieces, then the body. The meter must find the same in the whole
/// body, byte by byte and in pieces, and the same as a full parse does.
@main enum MeteringFuzz: Fuzzer {
    static func test(_ input: inout Input) {
        guard !input.isEmpty else { return }
        let choice = input.byte()
        let body = input.bytes
        let api: ResponseMeter.API = choice & 1 == 0 ? .responses : .chatCompletions
        let format: ResponseMeter.Format = choice & 2 == 0 ? .eventStream : .json
        let whole = usage(of: body, api, format) { body.count }
        let bytes = usage(of: body, api, format) { 1 }
        var seed = UInt32(choice) | 1
        let pieces = usage(of: body, api, format) {
            seed = seed &* 1_664_525 &+ 1_013_904_223
            return Int(seed >> 16) % 20
        }
        guard whole == bytes, whole == pieces else {
            fatalError("differs by pieces: \(whole as Any), \(bytes as Any), \(pieces as Any)")
        }
        requireSameModel(of: body)
        let finding = UsageOracle(api: api, format: format).finding(in: body)
        let isSame =
            switch (finding, whole) {
            case (nil, nil): true
            case (let finding?, let usage?): finding.admits(usage)
            default: false
            }
        guard isSame || UsageOracle.isBeyondFoundation(body) else {
            fatalError("the meter found \(whole as Any), the full parse \(finding as Any)")
        }
    }
}

private func usage(
    of body: [UInt8], _ api: ResponseMeter.API, _ format: ResponseMeter.Format, pieces nextLength: () -> Int
) -> TokenUsage? {
    var meter = ResponseMeter(api: api, format: format)
    var found: TokenUsage?
    var position = 0
    while position < body.count {
        let end = position + min(body.count - position, nextLength())
        if let usage = meter.scan(body.span.extracting(position..<end)) {
            guard found == nil else { fatalError("reported twice") }
            found = usage
        }
        position = end
    }
    if let usage = meter.finish() {
        guard found == nil else { fatalError("reported twice") }
        found = usage
    }
    return found
}

/// The request's meter, on the same bytes: whole and byte by byte.
private func requireSameModel(of body: [UInt8]) {
    var whole = RequestMeter()
    whole.scan(body.span)
    var bytes = RequestMeter()
    for index in body.indices {
        bytes.scan(body.span.extracting(index..<(index + 1)))
    }
    guard whole.model == bytes.model, whole.isDone == bytes.isDone else { fatalError("the request's model differs") }
}
