import Testing

@testable import ocm_supervisor

@Suite("auth.json after signing in")
struct SignedInFileTests {
    private static let time = Timestamp(seconds: 1_773_000_000) + .nanoseconds(5)

    private static func tokens(account: String? = "acc") -> Tokens {
        Tokens(
            access: Secret("new-access"), refresh: Secret("new-refresh"), id: Secret("new-id"), account: account,
            lastRefresh: time)
    }

    private static let fresh = """
        {
          "auth_mode": "chatgpt",
          "OPENAI_API_KEY": null,
          "tokens": {
            "id_token": "new-id",
            "access_token": "new-access",
            "refresh_token": "new-refresh",
            "account_id": "acc"
          },
          "last_refresh": "2026-03-08T20:00:00.000000005Z"
        }
        """

    private func signedIn(_ text: String?) -> String {
        AuthFile.signedIn(Self.tokens(), in: text.map { Secret($0) }).text
    }

    @Test(
        "without a file, or with one that is no object of JSON, it is as the CLI writes it",
        arguments: [
            nil, "", "{", "{}", " { } ", "[1]", "null", "{\"a\":1,\"a\":2}", "{\"tokens\":{\"access_token\":\"x",
        ])
    func fresh(text: String?) {
        #expect(signedIn(text) == Self.fresh)
    }

    @Test("without an account there is a null")
    func noAccount() {
        let text = AuthFile.signedIn(Self.tokens(account: nil), in: nil).text
        #expect(text.contains("\"account_id\": null\n"))
    }

    @Test("another ChatGPT login gives way, what else there is stays to the byte")
    func overTokens() {
        let old =
            Self.fresh.replacing("new-", with: "old-").replacing("\"acc\"", with: "\"other\",\n    \"more\": [1.50]")
            .replacing("2026-03-08T20:00:00.000000005Z\"", with: "2025-01-01T00:00:00Z\",\n  \"later\": {\"x\" : 1e5}")
        let expected =
            Self.fresh.replacing("\"acc\"", with: "\"acc\",\n    \"more\": [1.50]")
            .replacing("000000005Z\"", with: "000000005Z\",\n  \"later\": {\"x\" : 1e5}")
        #expect(signedIn(old) == expected)
    }

    @Test("an API key gives way, since it would win over the tokens")
    func overKey() throws {
        let text = signedIn("{\n  \"auth_mode\": \"apikey\",\n  \"OPENAI_API_KEY\": \"sk-x\"\n}\n")
        #expect(text == Self.fresh + "\n")
    }

    @Test(
        "tokens of a form that is not known are replaced whole",
        arguments: ["null", "{}", "[]", "\"x\"", "{ }"])
    func oddTokens(literal: String) throws {
        let text = signedIn("{\"tokens\": \(literal), \"auth_mode\": 5, \"kept\": \"\u{e9}\"}")
        guard case .chatGPT(let tokens) = try AuthFile(Secret(text)).login else {
            Issue.record("\(text)")
            return
        }
        #expect(tokens.matches(Self.tokens()))
        #expect(tokens.account == "acc" && tokens.lastRefresh == Self.time && tokens.id?.text == "new-id")
        #expect(text.contains("\"kept\": \"\u{e9}\"") && text.contains("\"auth_mode\": \"chatgpt\""))
    }
}
