@testable import ocm_worker

/// 1000 in (400 cached, 30 written to the cache), 200 out (50 of reasoning).
private let usage = #"""
    {"input_tokens":1000,"input_tokens_details":{"cached_tokens":400,"cache_write_tokens":30},\#
    "output_tokens":200,"output_tokens_details":{"reasoning_tokens":50},"total_tokens":1200}
    """#
private let response = #"{"id":"resp_1","model":"gpt-5.5","service_tier":"flex","output":[],"usage":\#(usage)}"#
private let completed = #"{"type":"response.completed","response":\#(response)}"#
private let delta = #"{"type":"response.output_text.delta","item_id":"m","delta":"Hello"}"#
private let chatUsage = #"""
    {"prompt_tokens":70,"prompt_tokens_details":{"cached_tokens":20},"completion_tokens":9,\#
    "completion_tokens_details":{"reasoning_tokens":3},"total_tokens":79}
    """#

private func found(
    _ ending: TokenUsage.Ending = .completed, model: String = "gpt-5.5", tier: String = "flex"
) -> TokenUsage {
    TokenUsage(
        ending: ending, model: model, serviceTier: tier, inputTokens: 1000, cachedTokens: 400, cacheWriteTokens: 30,
        outputTokens: 200, reasoningTokens: 50)
}

private func found(input: UInt64, output: UInt64 = 0) -> TokenUsage {
    TokenUsage(ending: .completed, inputTokens: input, outputTokens: output)
}

private func event(_ data: String, _ name: String? = "response.completed", lineEnd: String = "\n") -> String {
    (name.map { "event: \($0)\(lineEnd)" } ?? "") + "data: \(data)\(lineEnd)\(lineEnd)"
}

private func counting(_ input: String) -> String {
    event(#"{"type":"response.completed","response":{"usage":{"input_tokens":\#(input),"output_tokens":5}}}"#)
}

extension MeteredStream {
    static let table = framing + endings + texts + numbers + bodies + chat

    static let framing: [MeteredStream] = [
        MeteredStream("LF", event(delta, "response.output_text.delta") + event(completed), found()),
        MeteredStream("CRLF", event(delta, "x", lineEnd: "\r\n") + event(completed, lineEnd: "\r\n"), found()),
        MeteredStream("CR", event(delta, "x", lineEnd: "\r") + event(completed, lineEnd: "\r"), found()),
        MeteredStream(
            "all three line ends", "event: x\rdata: 1\n\r\nevent: response.completed\ndata: \(completed)\r\n\r", found()
        ),
        MeteredStream("no space behind the colons", "event:response.completed\ndata:\(completed)\n\n", found()),
        MeteredStream("two spaces behind the data's colon", "data:  \(completed)\n\n", found()),
        MeteredStream("two spaces are part of a name", "event:  response.completed\ndata: \(completed)\n\n", nil),
        MeteredStream("no event lines", event(delta, nil) + event(completed, nil), found()),
        MeteredStream("no final newline", "data: \(completed)", found()),
        MeteredStream("no final empty line", "event: response.completed\r\ndata: \(completed)\r\n", found()),
        MeteredStream("a final [DONE]", event(completed) + "data: [DONE]\n\n", found()),
        MeteredStream("a [DONE] alone", "data: [DONE]\n\n", nil),
        MeteredStream("more after the end", event(completed) + event(completed) + event(delta, nil), found()),
        MeteredStream("a byte order mark", "\u{FEFF}" + event(completed), found()),
        MeteredStream("a byte order mark before data", "\u{FEFF}data: \(completed)\n\n", found()),
        MeteredStream("half a byte order mark", bytes: [0xEF, 0xBB] + Array("data: \(completed)\n\n".utf8), nil),
        MeteredStream("two byte order marks", "\u{FEFF}\u{FEFF}data: \(completed)\n\n", nil),
        MeteredStream("comments and keep-alives", ": hi\n\n:\n\n" + event(completed) + ":\n", found()),
        MeteredStream("a comment inside an event", "event: response.completed\n:x\ndata: \(completed)\n\n", found()),
        MeteredStream("id and retry", "id: 7\nretry: 10\ndata: \(completed)\nid\n\n", found()),
        MeteredStream(
            "several data lines",
            "data: {\"type\":\"response.completed\",\ndata\ndata:\ndata: \"response\": \(response)\ndata: }\n\n",
            found()),
        MeteredStream(
            "a number ends at a line's end",
            "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":12\ndata: }}}\n\n",
            found(input: 12)),
        MeteredStream(
            "a number does not go on in the next line",
            "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":12\ndata:3}}}\n\n", nil),
        MeteredStream(
            "a string does not go on in the next line",
            "data: {\"type\":\"response.completed\",\"response\":{\"model\":\"a\ndata:b\",\"usage\":\(usage)}}\n\n", nil
        ),
        MeteredStream(
            "the name behind the data", "data: {\"response\":\(response)}\nevent: response.completed\n\n", found()),
        MeteredStream(
            "the name behind the data, unended", "data: {\"response\":\(response)}\nevent: response.failed",
            found(.failed)),
        MeteredStream(
            "fields that begin like others",
            "dat: \(completed)\ndatas: \(completed)\nevents: x\ndata : \(completed)\n\n", nil),
        MeteredStream("an indented data line", " data: \(completed)\n\n", nil),
        MeteredStream("an upper case data line", "Data: \(completed)\n\n", nil),
        MeteredStream("an event cut off", "data: \(completed.dropLast(1))", nil),
        MeteredStream("an event cut off by an empty line", "data: \(completed.dropLast(1))\n\ndata: }\n\n", nil),
        MeteredStream("nothing", "", nil),
        MeteredStream("empty lines", "\n\r\n\r\r\n\n", nil),
    ]

    static let endings: [MeteredStream] = [
        MeteredStream(
            "incomplete", event(completed.replacing("completed", with: "incomplete"), nil), found(.incomplete)),
        MeteredStream(
            "failed", event(completed.replacing("completed", with: "failed"), "response.failed"), found(.failed)),
        MeteredStream("failed without tokens", event(#"{"type":"response.failed","response":{"usage":null}}"#), nil),
        MeteredStream(
            "failed without tokens, then completed",
            event(#"{"type":"response.failed","response":{"usage":null}}"#, nil) + event(completed), found()),
        MeteredStream("tokens of nothing", counting("0").replacing(":5", with: ":0"), nil),
        MeteredStream(
            "the type of the name", event(#"{"response":\#(response)}"#, "response.incomplete"), found(.incomplete)),
        MeteredStream("the JSON's type before the name", event(completed, "response.failed"), found()),
        MeteredStream(
            "a status inside an event",
            event(#"{"response":{"status":"failed",\#(response.dropFirst())}"#, "response.incomplete"),
            found(.incomplete)),
        MeteredStream("no type at all", event(#"{"response":\#(response)}"#, nil), nil),
        MeteredStream("an event named message", event(completed, "message"), found()),
        MeteredStream("an event with an empty name", event(completed, ""), found()),
        MeteredStream("an event of another name", event(completed, "response.output_item.done"), nil),
        MeteredStream("a name that begins like another", event(completed, "response.completedx"), nil),
        MeteredStream("the last of two names", "event: message\n" + event(completed), found()),
        MeteredStream(
            "the type at the end", event(#"{"response":\#(response),"type":"response.completed"}"#, nil), found()),
        MeteredStream("the type of another event at the end", event(#"{"response":\#(response),"type":"x"}"#), nil),
        MeteredStream("a type that is null", event(#"{"type":null,"response":\#(response)}"#), found()),
        MeteredStream(
            "the first of two types", event(#"{"type":"x","type":"response.completed","response":\#(response)}"#, nil),
            nil),
        MeteredStream(
            "response.created has no usage",
            event(#"{"type":"response.created","response":{"usage":null}}"#, "response.created") + event(completed),
            found()),
    ]

    static let texts: [MeteredStream] =
        [
            MeteredStream(
                "a delta that quotes a terminal event",
                event(
                    #"{"type":"response.output_text.delta","delta":"{\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":5}}}"}"#,
                    nil), nil),
            MeteredStream(
                "usage elsewhere does not count",
                event(
                    #"{"usage":\#(usage),"type":"response.completed","response":{"x":{"usage":\#(usage)},"output":[{"usage":\#(usage),"model":"m"}],"usage":{"input_tokens":7}}}"#,
                    nil),
                found(input: 7)),
            MeteredStream(
                "usage before everything",
                event(
                    #"{"response":{"usage":\#(usage),"output":[[[{"a":"]}"}]]],"service_tier":"flex","model":"gpt-5.5"},"type":"response.completed"}"#,
                    nil), found()),
            MeteredStream(
                "escaped names and values",
                event(
                    #"{"\u0074ype":"response\u002ecompleted","r\u0065sponse":{"model":"gpt\u002D5.5","service\u005ftier":"fl\u0065x","\u0075sage":\#(usage)}}"#,
                    nil), found()),
            MeteredStream(
                "a model with every escape",
                event(
                    #"{"type":"response.completed","response":{"model":"\"\\\/\b\f\n\r\t\u00e9\u20AC\uD83D\ude00","usage":{"input_tokens":7}}}"#
                ),
                {
                    var usage = found(input: 7)
                    usage.model = "\"\\/\u{8}\u{c}\n\r\té€😀"
                    return usage
                }()),
            MeteredStream(
                "halves of surrogate pairs",
                event(
                    #"{"type":"response.completed","response":{"model":"\ud83d-\ude00\ud83d\ud83d\ude00\ud83d","usage":{"input_tokens":7}}}"#
                ),
                {
                    var usage = found(input: 7)
                    usage.model = "\u{FFFD}-\u{FFFD}\u{FFFD}😀\u{FFFD}"
                    return usage
                }()),
            MeteredStream(
                "bytes that are no UTF-8",
                bytes: Array("data: {\"type\":\"response.completed\",\"x\":\"".utf8) + [0xFF, 0xC3, 0xED, 0xA0, 0x80]
                    + Array("\",\"response\":{\"usage\":{\"input_tokens\":7}}}\n\n".utf8), found(input: 7)),
            MeteredStream(
                "the last of two usages",
                event(#"{"type":"response.completed","response":{"usage":\#(usage),"usage":{"input_tokens":7}}}"#),
                found(input: 7)),
            MeteredStream(
                "the last of two responses",
                event(
                    #"{"type":"response.completed","response":\#(response),"response":{"usage":{"input_tokens":7}}}"#),
                found(input: 7)),
            MeteredStream(
                "the last response is null",
                event(#"{"type":"response.completed","response":\#(response),"response":null}"#), nil),
            MeteredStream(
                "the last of two details",
                event(
                    #"{"type":"response.completed","response":{"usage":{"input_tokens":7,"input_tokens_details":{"cached_tokens":5},"input_tokens_details":{}}}}"#
                ), found(input: 7)),
            MeteredStream(
                "usage that is a list",
                event(#"{"type":"response.completed","response":{"usage":[{"input_tokens":7}]}}"#), nil),
            MeteredStream(
                "a response that is a list", event(#"{"type":"response.completed","response":[\#(response)]}"#), nil),
            MeteredStream("an event that is a list", event("[\(completed)]"), nil),
            MeteredStream("an event that is a string", event(#""response.completed""#), nil),
            MeteredStream(
                "white space everywhere",
                event(
                    " {\t\"type\" : \"response.completed\" ,\t\"response\" : { \"usage\" : { \"input_tokens\" : 7 } } } ",
                    nil), found(input: 7)),
            MeteredStream("bytes behind the object", event(completed + "}}, and more", nil), found()),
            MeteredStream(
                "a model of 128 bytes", event(completed.replacing("gpt-5.5", with: String(repeating: "m", count: 128))),
                found(model: String(repeating: "m", count: 128))),
            MeteredStream(
                "a model of 129 bytes", event(completed.replacing("gpt-5.5", with: String(repeating: "m", count: 129))),
                found(model: "")),
            MeteredStream(
                "a tier of 33 bytes", event(completed.replacing("flex", with: String(repeating: "f", count: 33))),
                found(tier: "")),
            MeteredStream(
                "nesting of 5000 levels",
                event(
                    #"{"type":"response.completed","x":\#(String(repeating: #"[{"a":"#, count: 2500))"]"\#(String(repeating: "}]", count: 2500)),"response":\#(response)}"#
                ), found()),
            MeteredStream(
                "a string of 100 000 bytes with escapes",
                event(
                    #"{"type":"response.completed","x":"\#(String(repeating: #"abc\n\"\\"#, count: 10_000))","response":\#(response)}"#
                ), found()),
        ] + malformed

    static let malformed: [MeteredStream] = [
        #"{"type":"response.completed","response":\#(response)]"#,
        #"{"type":"response.completed" "response":\#(response)}"#,
        #"{"type":"response.completed",,"response":\#(response)}"#,
        #"{"type" "response.completed","response":\#(response)}"#,
        #"{"type":"response.completed","x":tru,"response":\#(response)}"#,
        #"{"type":"response.completed","x":01,"response":\#(response)}"#,
        #"{"type":"response.completed","x":1.,"response":\#(response)}"#,
        #"{"type":"response.completed","x":+1,"response":\#(response)}"#,
        #"{"type":"response.completed","x":1e,"response":\#(response)}"#,
        #"{"type":"response.completed","x":-,"response":\#(response)}"#,
        #"{"type":"response.completed","x":"\q","response":\#(response)}"#,
        #"{"type":"response.completed","x":"\u12G4","response":\#(response)}"#,
        "{\"type\":\"response.completed\",\"x\":\"\t\",\"response\":\(response)}",
        #"{"type":"response.completed",x:1,"response":\#(response)}"#,
        #"{"type":"response.completed","x":[1}],"response":\#(response)}"#,
        #"{"type":"response.completed","x":{"a"},"response":\#(response)}"#,
        #"{"type":"response.completed","x":nullx,"response":\#(response)}"#, "\u{FEFF}\(completed)", "x\(completed)",
    ].map { MeteredStream("malformed: \($0.prefix(50))", event($0), nil) }

    static let numbers: [MeteredStream] = [
        ("12", 12), ("12.0", 12), ("12.99", 12), ("1e3", 1000), ("1.5E+2", 150), ("123456e-3", 123), ("-5", 0),
        ("-0", 0),
        ("0", 0), ("0.0", 0), ("0e9", 0), ("18446744073709551615", .max), ("18446744073709551616", .max),
        ("1e30", .max),
        ("1e999999999999999999999", .max), ("9e-99999999999999999999", 0), ("100000000000000000000000e-20", 1000),
        ("0.00000000000000000000000012e26", 12), ("\"12\"", 0), ("null", 0), ("true", 0), ("[12]", 0), ("{}", 0),
    ].map { MeteredStream("input_tokens of \($0.0)", counting($0.0), found(input: $0.1, output: 5)) }

    static let bodies: [MeteredStream] = [
        MeteredStream("a body", format: .json, response, found()),
        MeteredStream("a body with white space", format: .json, "\r\n \(response)\n", found()),
        MeteredStream(
            "an incomplete body", format: .json, #"{"status":"incomplete",\#(response.dropFirst())"#, found(.incomplete)
        ),
        MeteredStream("a failed body", format: .json, #"\#(response.dropLast()),"status":"failed"}"#, found(.failed)),
        MeteredStream(
            "a body of another status", format: .json, #"\#(response.dropLast()),"status":"cancelled"}"#, found()),
        MeteredStream("a queued body", format: .json, #"{"status":"queued","model":"m","usage":null}"#, nil),
        MeteredStream("an error's body", format: .json, #"{"error":{"message":"no","usage":\#(usage)}}"#, nil),
        MeteredStream("a body cut off", format: .json, String(response.dropLast()), nil),
        MeteredStream("a body that is no JSON", format: .json, "<html>\(response)", nil),
        MeteredStream("an event is no body", format: .json, completed, nil),
    ]

    static let chat: [MeteredStream] = {
        let counts = TokenUsage(
            ending: .completed, model: "gpt-4o", serviceTier: "default", inputTokens: 70, cachedTokens: 20,
            outputTokens: 9, reasoningTokens: 3)
        let head = #"{"id":"c","object":"chat.completion.chunk","model":"gpt-4o","service_tier":"default""#
        let chunk = event(
            #"\#(head),"choices":[{"index":0,"delta":{"content":"usage"},"finish_reason":null}],"usage":null}"#, nil)
        let last = event(#"\#(head),"choices":[],"usage":\#(chatUsage)}"#, nil)
        let done = "data: [DONE]\n\n"
        return [
            MeteredStream("chat chunks", api: .chatCompletions, chunk + chunk + last + done, counts),
            MeteredStream(
                "chat chunks with CRLF", api: .chatCompletions, (chunk + last + done).replacing("\n", with: "\r\n"),
                counts),
            MeteredStream("chat chunks without usage", api: .chatCompletions, chunk + chunk + done, nil),
            MeteredStream(
                "chat chunks without [DONE]", api: .chatCompletions, chunk + String(last.dropLast(2)), counts),
            MeteredStream(
                "chat chunks with names of the other API", api: .chatCompletions,
                chunk + "event: response.output_text.delta\n" + last, counts),
            MeteredStream("chat chunks with names", api: .chatCompletions, "event: chunk\n" + last, counts),
            MeteredStream(
                "a chat body", api: .chatCompletions, format: .json, #"\#(head),"choices":[],"usage":\#(chatUsage)}"#,
                counts),
            MeteredStream(
                "a chat body with the other API's names", api: .chatCompletions, format: .json, #"{"usage":\#(usage)}"#,
                nil),
            MeteredStream("a chat error", api: .chatCompletions, format: .json, #"{"error":{"message":"no"}}"#, nil),
        ]
    }()
}
