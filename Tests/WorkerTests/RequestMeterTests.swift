import Testing

@testable import ocm_worker

@Suite("A request's model")
struct RequestMeterTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var body: String
        var model: String

        init(_ body: String, _ model: String) {
            self.body = body
            self.model = model
        }

        var testDescription: String { String(body.prefix(60)) }
    }

    static let cases = [
        Case(#"{"model":"gpt-5.5","input":[]}"#, "gpt-5.5"),
        Case(#"{"input":[{"model":"x"}],"tools":{"model":"y"},"stream":true,"n":1.5,"model":"gpt-5.5"}"#, "gpt-5.5"),
        Case(#" { "\u006dodel" : "gpt\u002d5" } "#, "gpt-5"),
        Case(#"{"model":"first","model":"second"}"#, "first"),
        Case(#"{"model":{"model":"x"},"model":["x"],"model":null,"model":3,"model":"last"}"#, "last"),
        Case(#"{"model":"gpt-5.5""#, "gpt-5.5"),
        Case(#"{"input":"say \"model\":\"x\""}"#, ""),
        Case(#"{"model":"\#(String(repeating: "m", count: 129))"}"#, ""),
        Case(#"{"model":"\#(String(repeating: "m", count: 128))"}"#, String(repeating: "m", count: 128)),
        Case(#"["model","x"]"#, ""), Case("model", ""), Case("", ""), Case("{}", ""),
        Case(#"{"input":}{"model":"x"}"#, ""),
        Case(#"{}{"model":"x"}"#, ""),
    ]

    @Test("is found, however the body is split", arguments: cases)
    func found(_ request: Case) {
        let body = Array(request.body.utf8)
        for length in [body.count + 1, 1, 2, 3, 7] {
            var meter = RequestMeter()
            for start in stride(from: 0, to: body.count, by: length) {
                meter.scan(body.span.extracting(start..<min(start + length, body.count)))
            }
            #expect(meter.model == request.model)
        }
    }

    @Test("ends the search when it is found, or can't be any more")
    func done() {
        for (body, isDone) in [
            (#"{"model":"a""#, true), (#"{"mode"#, false), ("[", true), ("{}", true), (#"{"a":["#, false),
        ] {
            var meter = RequestMeter()
            meter.scan(Array(body.utf8).span)
            #expect(meter.isDone == isDone, "\(body)")
        }
    }
}
