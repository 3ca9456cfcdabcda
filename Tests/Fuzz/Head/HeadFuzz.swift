import FuzzSupport

@testable import OCMHTTP

/// One input: a byte that says what is read, then a head. It must read the same at once and byte by byte, refer to its own
/// bytes alone, and what is written of it must read as the same again.
@main enum HeadFuzz: Fuzzer {
    static func test(_ input: inout Input) {
        let choice = input.byte()
        let bytes = input.bytes
        if choice & 1 == 0 {
            checkRequest(bytes)
            _ = RequestTarget.check(bytes.span)
        } else {
            checkResponse(bytes, answering: choice & 2 == 0 ? .get : .head)
        }
    }
}

private func checkRequest(_ bytes: [UInt8]) {
    var whole = RequestHead()
    let length = attempt { () throws(HTTPError) in try whole.parse(bytes.span) }
    var byByte = RequestHead()
    let gradual = gradually(bytes) { span throws(HTTPError) in try byByte.parse(span) }
    require(length, equals: gradual)
    guard case .read(let length?) = length else { return }
    let forms = [whole, byByte].map {
        "\($0.method) \($0.target) \($0.version) \($0.framing) \($0.keepsAlive) \($0.fields)"
    }
    guard forms[0] == forms[1] else { fatalError("differs by pieces: \(forms)") }
    checkFields(whole.fields, of: bytes, length)
    for range in [whole.target, whole.path, whole.authority] where range.bounds.upperBound > length {
        fatalError("a range beyond the head")
    }
    if case .chunked = whole.framing, whole.field(.contentLength) != nil { fatalError("framed in two ways") }
    var written: [UInt8] = []
    let span = bytes.span
    do throws(HTTPError) {
        try HeadWriter.requestLine(
            whole.method, prefix: span.extracting(0..<0), target: span.extracting(whole.target), into: &written)
    } catch {
        fatalError("its request line can't be written: \(error)")
    }
    for field in whole.fields { HeadWriter.field(field, of: span, into: &written) }
    HeadWriter.end(into: &written)
    var again = RequestHead()
    // A target of HTTP/1.0 is written as one of 1.1, which needs a Host.
    guard whole.version == .http11 else { return }
    guard case .read(written.count?) = attempt({ () throws(HTTPError) in try again.parse(written.span) }) else {
        fatalError("what was written of it is no head")
    }
    guard again.framing == whole.framing, again.fields.count == whole.fields.count else {
        fatalError("what was written of it is another head")
    }
}

private func checkResponse(_ bytes: [UInt8], answering method: Method) {
    var whole = ResponseHead()
    let length = attempt { () throws(HTTPError) in try whole.parse(bytes.span, answering: method) }
    var byByte = ResponseHead()
    let gradual = gradually(bytes) { span throws(HTTPError) in try byByte.parse(span, answering: method) }
    require(length, equals: gradual)
    guard case .read(let length?) = length else { return }
    guard whole.status == byByte.status, whole.framing == byByte.framing, whole.fields.count == byByte.fields.count
    else {
        fatalError("differs by pieces")
    }
    checkFields(whole.fields, of: bytes, length)
    var written: [UInt8] = []
    HeadWriter.statusLine(of: whole, in: bytes.span, into: &written)
    for field in whole.fields { HeadWriter.field(field, of: bytes.span, into: &written) }
    HeadWriter.end(into: &written)
    var again = ResponseHead()
    let result = attempt { () throws(HTTPError) in try again.parse(written.span, answering: method) }
    guard whole.version == .http11 else { return }
    guard case .read(written.count?) = result, again.status == whole.status, again.framing == whole.framing else {
        fatalError("what was written of it is another head")
    }
}

/// Fields lie one behind the other in the head, and nothing in them ends a line.
private func checkFields(_ fields: [FieldLine], of bytes: [UInt8], _ length: Int) {
    var end = 0
    for field in fields {
        guard field.name.bounds.lowerBound >= end, !field.name.isEmpty, field.value.bounds.upperBound <= length else {
            fatalError("a field that lies elsewhere")
        }
        end = field.name.bounds.upperBound
        let text = bytes[field.name.bounds] + bytes[field.value.bounds]
        if text.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) { fatalError("a field that holds a line end") }
    }
}

private enum Outcome: Equatable {
    case read(Int?)
    case refused
}

private func attempt(_ parse: () throws(HTTPError) -> Int?) -> Outcome {
    do throws(HTTPError) { return .read(try parse()) } catch { return .refused }
}

private func gradually(_ bytes: [UInt8], _ parse: (Span<UInt8>) throws(HTTPError) -> Int?) -> Outcome {
    for count in 0...bytes.count {
        let outcome = attempt { () throws(HTTPError) in try parse(bytes.span.extracting(first: count)) }
        if outcome != .read(nil) { return outcome }
    }
    return .read(nil)
}

private func require(_ whole: Outcome, equals gradual: Outcome) {
    if whole != gradual { fatalError("differs by pieces: \(whole), \(gradual)") }
}
