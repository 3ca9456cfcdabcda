import Testing

@testable import ocm_supervisor

@Suite("The text of auth.json")
struct CredentialFileTests {
    private func parse(_ text: String) throws(AuthFile.Fault) -> AuthFile {
        try AuthFile(Secret(text))
    }

    private func tokens(_ text: String) throws -> Tokens {
        guard case .chatGPT(let tokens) = try parse(text).login else { throw TestFailure() }
        return tokens
    }

    private struct TestFailure: Error {}

    /// The text after a refresh that brought new access and refresh tokens.
    private func rewritten(_ text: String, id: String? = nil) throws -> String {
        let answer = RefreshAnswer(
            access: Secret("new-access"), refresh: Secret("new-refresh"), id: id.map { Secret($0) })
        let renewed = try tokens(text).renewed(by: answer, at: Timestamp(seconds: 1_773_000_000) + .nanoseconds(5))
        return try parse(text).text(with: renewed).text
    }

    private static let time = "2026-03-08T20:00:00.000000005Z"

    @Test("a rewrite replaces the values and keeps every other byte: order, spacing, line ends, unknown fields")
    func oddFormatting() throws {
        let text = """
            \u{feff}{ "future" : [1, {"refresh_token":"not this one"}, 1e400] ,\r\n\t"tokens":{"refresh_token" :\t"old-refresh"
            , "id_token":"old-id","x":{"access_token":"nor this"},\r\n  "access_token":"old\\u002daccess", "account_id" : "a"
            },"agent_identity":{"k":"\u{1F600} \\ud83d\\ude00 \\u0000"},
            "last_refresh"   :   "2025-01-01T00:00:00Z", "OPENAI_API_KEY":null }  \r\n\r\n
            """
        let expected =
            text
            .replacing("\"old-refresh\"", with: "\"new-refresh\"")
            .replacing("\"old\\u002daccess\"", with: "\"new-access\"")
            .replacing("2025-01-01T00:00:00Z", with: Self.time)
        #expect(try rewritten(text) == expected)
    }

    @Test("without a line end at the end none is added; CRLF stays CRLF", arguments: ["", "\n", "\r\n"])
    func lineEnds(end: String) throws {
        let text =
            "{\r\n  \"tokens\": {\r\n    \"access_token\": \"a\",\r\n    \"refresh_token\": \"r\"\r\n  }\r\n}" + end
        let expected =
            "{\r\n  \"tokens\": {\r\n    \"access_token\": \"new-access\",\r\n    \"refresh_token\": \"new-refresh\"\r\n"
            + "  },\r\n  \"last_refresh\": \"\(Self.time)\"\r\n}" + end
        #expect(try rewritten(text) == expected)
    }

    @Test("missing members come after the last one of their object, laid out like it")
    func insertion() throws {
        let text = """
            {
                "tokens": {
                    "refresh_token": "r"
                },
                "more": 1
            }
            """
        #expect(
            try rewritten(text, id: "new-id") == """
                {
                    "tokens": {
                        "refresh_token": "new-refresh",
                        "id_token": "new-id",
                        "access_token": "new-access"
                    },
                    "more": 1,
                    "last_refresh": "\(Self.time)"
                }
                """)
        #expect(
            try rewritten("{\"tokens\":{\"refresh_token\":\"r\",\"access_token\":null}}")
                == "{\"tokens\":{\"refresh_token\":\"new-refresh\",\"access_token\":\"new-access\"},"
                + "\"last_refresh\":\"\(Self.time)\"}")
    }

    @Test("a rewrite with the same tokens and time changes no byte")
    func sameTokens() throws {
        let text = makeFile(access: "a\\/b", refresh: "r", lastRefresh: Timestamp(seconds: 5))
        #expect(try parse(text).text(with: try tokens(text)).text == text)
    }

    @Test("tokens, account and time are read; an account missing in the file comes from the claims")
    func reading() throws {
        let issued = Timestamp(seconds: 1_780_000_000)
        let token = makeToken(serial: 1, issued: issued, expiry: issued + .seconds(864_000))
        let tokens = try tokens(makeFile(access: token, refresh: "r", account: nil, lastRefresh: issued))
        #expect(tokens.access?.text == token)
        #expect(tokens.refresh?.text == "r")
        #expect(tokens.account == "account-1")
        #expect(tokens.expiry == issued + .seconds(864_000))
        #expect(tokens.claims?.issued == issued)
        #expect(tokens.claims?.plan == "pro")
        #expect(tokens.claims?.email == "owner@example.org")
        #expect(tokens.lastRefresh == issued)
    }

    @Test(
        "an API key in all its forms",
        arguments: [
            "{\"OPENAI_API_KEY\":\"sk-1\"}", "{\"OPENAI_API_KEY\":\" sk-1\\n\"}",
            "{\"auth_mode\":\"apikey\",\"OPENAI_API_KEY\":\"sk-1\",\"tokens\":null,\"last_refresh\":null}",
            "{\"auth_mode\":\"ApiKey\",\"OPENAI_API_KEY\":\"sk-1\"}",
            "{\"OPENAI_API_KEY\":\"sk-1\",\"tokens\":{\"access_token\":\"a\",\"refresh_token\":\"r\"}}",
        ])
    func apiKey(text: String) throws {
        guard case .apiKey(let key) = try parse(text).login else {
            Issue.record("no API key")
            return
        }
        #expect(key.text == "sk-1")
    }

    @Test(
        "well-formed files without a login",
        arguments: [
            "{}", "{\"tokens\":null}", "{\"tokens\":{}}", "{\"OPENAI_API_KEY\":\"\"}", "{\"OPENAI_API_KEY\":null}",
            "{\"auth_mode\":\"chatgpt\",\"tokens\":{\"access_token\":\"\"}}",
        ])
    func none(text: String) throws {
        guard case .none = try parse(text).login else {
            Issue.record("a login in \(text)")
            return
        }
    }

    @Test(
        "files that can't be used say why",
        arguments: [
            ("", "it is empty"), ("{", "it is not valid JSON: it ends too early at byte 1"),
            ("{\"tokens\":{\"access_token\":\"abc", "it is not valid JSON: it ends too early at byte 30"),
            ("{}x", "it is not valid JSON: something after the end at byte 2"),
            ("{\"a\":1,}", "it is not valid JSON: an unexpected character at byte 7"),
            ("{\"a\":01}", "it is not valid JSON: an unexpected character at byte 6"),
            ("{\"a\":-}", "it is not valid JSON: an invalid number at byte 6"),
            (
                "{\"a\":\"\\x\"}",
                "it is not valid JSON: a string with an invalid escape or a raw control character at byte 7"
            ),
            (
                "{\"a\":\"\n\"}",
                "it is not valid JSON: a string with an invalid escape or a raw control character at byte 6"
            ),
            ("{\"a\":1,\"\\u0061\":2}", "it is not valid JSON: a name that stands twice in one object at byte 18"),
            ("[]", "the file has the wrong type"), ("{\"tokens\":[]}", "tokens has the wrong type"),
            ("{\"OPENAI_API_KEY\":5}", "OPENAI_API_KEY has the wrong type"),
            ("{\"tokens\":{\"access_token\":{}}}", "tokens.access_token has the wrong type"),
            (
                "{\"tokens\":{\"access_token\":\"a\\r\\nX: y\"}}",
                "tokens.access_token contains white space or characters beyond ASCII"
            ),
            (
                "{\"tokens\":{\"access_token\":\"a\",\"account_id\":\"\\n\"}}",
                "tokens.account_id contains white space or characters beyond ASCII"
            ),
            ("{\"auth_mode\":\"apikey\"}", "auth_mode is \"apikey\", but OPENAI_API_KEY is missing"),
        ])
    func faults(text: String, message: String) {
        #expect { try parse(text) } throws: { "\($0)" == message }
    }

    @Test("every prefix of a file is told from the whole")
    func prefixes() throws {
        let text = makeFile(access: "a\\u00e9\\n", refresh: "r", lastRefresh: Timestamp(seconds: 9))
            .replacing("a\\u00e9\\n", with: "abc")
        for length in 0..<text.utf8.count {
            #expect(throws: AuthFile.Fault.self) {
                try parse(String(decoding: text.utf8.prefix(length), as: UTF8.self))
            }
        }
        _ = try parse(text)
    }

    @Test("nesting is bounded", arguments: ["[", "{\"a\":"])
    func nesting(opening: String) {
        let text = "{\"x\":" + String(repeating: opening, count: 100_000)
        #expect { try parse(text) } throws: { "\($0)".contains("too many levels") }
    }

    @Test("random bytes in a file never make it unreadable to the rewrite")
    func mutations() throws {
        let text = Array(
            makeFile(
                access: makeToken(serial: 1, issued: nil, expiry: nil), refresh: "r", lastRefresh: Timestamp(seconds: 9)
            ).utf8)
        var random = SystemRandomNumberGenerator()
        var good = 0
        for _ in 0..<5_000 {
            var bytes = text
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let file = try? AuthFile(Secret(bytes.span)), case .chatGPT(let tokens) = file.login else { continue }
            let answer = RefreshAnswer(access: Secret("n\"\\"), refresh: Secret("m"), id: Secret("i\u{1}"))
            let written = try AuthFile(file.text(with: tokens.renewed(by: answer, at: .now)))
            guard let access = written.outline.root["tokens"]?["access_token"] else { throw TestFailure() }
            let value = written.text.withBytes { JSONString.secret($0.extracting(access.range)).text }
            #expect(value == "n\"\\")
            good += 1
        }
        #expect(good > 250)
    }

    @Test("a secret is not printed")
    func printing() throws {
        let secret = Secret("hush")
        var dumped = ""
        dump(["s": secret], to: &dumped)
        dump(try tokens(makeFile(access: "hush", refresh: "hush")), to: &dumped)
        for text in ["\(secret)", "\([secret])", String(reflecting: secret), dumped] { #expect(!text.contains("hush")) }
    }

    @Test("times are read and written as the CLI writes them")
    func times() {
        #expect(Timestamp(rfc3339: "2026-03-09T01:30:00.123456789Z")?.nanoseconds == 1_773_019_800_123_456_789)
        #expect(Timestamp(rfc3339: "2026-03-09T07:00:00.123456789+05:30")?.nanoseconds == 1_773_019_800_123_456_789)
        #expect(Timestamp(rfc3339: "1969-12-31T23:59:59.5-00:00")?.nanoseconds == -500_000_000)
        #expect(Timestamp(rfc3339: "2024-02-29T00:00:00Z") != nil)
        for text in [
            "2023-02-29T00:00:00Z", "2026-03-09", "2026-03-09T01:30:00", "2026-13-01T00:00:00Z", "x", "",
            "2026-03-09T01:30:00.Z", "2026-03-09T24:30:00Z", "2026-03-09T01:30:00ZZ",
        ] {
            #expect(Timestamp(rfc3339: text) == nil, "\(text)")
        }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<10_000 {
            let time = Timestamp(
                nanoseconds: Int64.random(in: -9_000_000_000_000_000_000...9_000_000_000_000_000_000, using: &random))
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
        }
    }
}
