import FuzzSupport

@testable import OCMHTTP

/// One input: how the body is framed, its limit, a seed for pieces; then the body. It must read the same at once, byte by
/// byte and in pieces; and what is forwarded of a chunked body is a chunked body with the same data.
@main enum BodyFuzz: Fuzzer {
    static func test(_ input: inout Input) {
        let choice = input.byte()
        let limit = choice & 0x10 == 0 ? UInt64.max : input.number()
        let framing: BodyFraming =
            switch choice & 3 {
            case 0, 1: .chunked
            case 2: .length(input.number())
            default: .untilClose
            }
        var pieces = Pieces(seed: choice)
        let bytes = input.bytes
        let whole = Reading(bytes, framing, limit) { bytes.count }
        let byByte = Reading(bytes, framing, limit) { 1 }
        let piecewise = Reading(bytes, framing, limit) { pieces.next() }
        for other in [byByte, piecewise] {
            // What had been given out before an error depends on the pieces; whether there is one does not.
            guard whole.isRefused == other.isRefused, whole.isRefused || whole == other else {
                fatalError("differs by pieces: \(whole), \(other)")
            }
        }
        if whole.data.count > limit { fatalError("more than the limit") }
        if framing == .chunked, !whole.isRefused {
            let again = Reading(whole.forwarded, framing, limit) { max(1, whole.forwarded.count) }
            guard again.data == whole.data, again.isComplete == whole.isComplete, !again.isRefused, again.omitted == 0
            else {
                fatalError("what is forwarded is another body")
            }
        }
    }
}

private struct Reading: Equatable {
    var data: [UInt8] = []
    var forwarded: [UInt8] = []
    var omitted = 0
    var length = 0
    var isComplete = false
    var isRefused = false

    init(_ bytes: [UInt8], _ framing: BodyFraming, _ limit: UInt64, pieces nextLength: () -> Int) {
        do throws(HTTPError) {
            var body = try BodyReader(framing, limit: limit)
            var position = 0
            while position < bytes.count, !body.isComplete {
                let end = position + min(bytes.count - position, nextLength())
                try read(bytes.span.extracting(position..<end), &body)
                position = end
            }
            isComplete = body.isComplete
            guard body.received == UInt64(data.count) else { fatalError("counted wrongly") }
        } catch {
            isRefused = true
        }
    }

    private mutating func read(_ bytes: Span<UInt8>, _ body: inout BodyReader) throws(HTTPError) {
        var offset = 0
        while let piece = try body.next(in: bytes, from: offset) {
            guard piece.range.lowerBound == offset, piece.range.upperBound > offset else { fatalError("no progress") }
            let part = piece.range.map { bytes[$0] }
            if piece.kind == .data { data += part }
            if piece.kind == .omitted { omitted += part.count } else { forwarded += part }
            offset = piece.range.upperBound
            length += part.count
        }
    }
}
