import OCMTLS
import Testing

@testable import ocm_supervisor

@Suite("The exchange with the OAuth server")
struct CredentialExchangeTests {
    private func answer(_ text: String) -> ExchangeResult? {
        OAuthResponse.result(of: Secret(text))
    }

    private func failure(_ result: ExchangeResult?) -> RefreshFailure? {
        if case .failure(let failure)? = result { failure } else { nil }
    }

    @Test("tokens are read in every framing, after interim answers too")
    func tokens() throws {
        let json = "{\"access_token\":\"a\\u0042\",\"refresh_token\":\"r\",\"id_token\":\"i\",\"expires_in\":1}"
        let texts = [
            "HTTP/1.1 200 OK\r\nContent-Length: \(json.utf8.count)\r\n\r\n\(json)",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n\(json)",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + json.utf8.map { "1\r\n\(Character(Unicode.Scalar($0)))\r\n" }.joined() + "0\r\n\r\n",
        ]
        for text in texts {
            guard case .success(let tokens)? = answer(text) else {
                Issue.record("\(text)")
                continue
            }
            #expect(tokens.access?.text == "aB")
            #expect(tokens.refresh?.text == "r")
            #expect(tokens.id?.text == "i")
        }
    }

    @Test("an answer that was cut off is none", arguments: [0, 1, 20, 40, 60])
    func cut(length: Int) {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{\"access_token\":\"a\"}"
        #expect(answer(String(text.prefix(length))) == nil)
    }

    @Test(
        "what is no token is not taken for one",
        arguments: [
            "{}", "[]", "nonsense", "{\"access_token\":5}", "{\"access_token\":\"\"}", "{\"access_token\":\"a\\nb\"}",
        ])
    func noTokens(body: String) {
        #expect(failure(answer("HTTP/1.1 200 OK\r\n\r\n" + body)) == .notUnderstood(status: 200))
    }

    @Test("any yes with tokens is taken, and a refresh token of no form is told from none", arguments: [200, 201, 206])
    func unusable(status: Int) {
        let refreshTokens = [
            ("5", false), ("\"a b\"", false), ("\"\u{5c}u0000x\"", false), ("{}", false), ("null", true),
            ("\"\"", true),
            ("\"" + String(repeating: "r", count: 70_000) + "\"", false), ("\"r\"", true),
        ]
        for (token, isWhole) in refreshTokens {
            let body = "{\"access_token\":\"a\",\"refresh_token\":\(token)}"
            guard case .success(let read)? = answer("HTTP/1.1 \(status) OK\r\n\r\n" + body) else {
                Issue.record("\(token.prefix(20))")
                continue
            }
            #expect(read.access?.text == "a")
            #expect(read.isWhole == isWhole, "\(token.prefix(20))")
        }
    }

    @Test(
        "error codes are found wherever they stand",
        arguments: [
            "{\"error\":{\"code\":\"refresh_token_reused\"}}", "{\"error\":\"refresh_token_reused\"}",
            "{\"code\":\"refresh_token_reused\"}", "{\"error\":{\"code\":null},\"code\":\"refresh_token_reused\"}",
        ])
    func codes(body: String) {
        let result = failure(answer("HTTP/1.1 401 Unauthorized\r\n\r\n" + body))
        #expect(result == .refused(status: 401, code: "refresh_token_reused"))
        #expect(result?.meansReused == true)
    }

    @Test("retry-after is heard; a code that is no word is not repeated")
    func retryAfter() {
        let result = failure(
            answer("HTTP/1.1 503 X\r\nRetry-After: 17\r\n\r\n{\"error\":\"<script>\"}"))
        #expect(result == .answered(status: 503, retryAfter: .seconds(17)))
        #expect(failure(answer("HTTP/1.1 400 X\r\n\r\n{\"error\":\"a b\"}")) == .refused(status: 400, code: ""))
    }

    @Test("a question reaches the child as it was asked")
    func question() throws {
        let order = ExchangeOrder(
            endpoint: BaseURL(isEncrypted: true, host: "auth.example", port: 444, path: "/oauth/token"),
            refreshToken: Secret("r"), copy: "/x/y", isUrgent: true,
            trust: [.system, .file(path: "/f"), .directory(path: "/d"), .pem([1, 2])],
            deadlines: OAuthCall.Deadlines(connect: 1, handshake: 2, total: 3))
        guard case .ask(let read)? = ExchangeQuestion(ExchangeQuestion.ask(order).message.encoded) else {
            Issue.record("not read")
            return
        }
        #expect(read.endpoint == order.endpoint)
        #expect(read.refreshToken.text == "r")
        #expect(read.copy == "/x/y")
        #expect(read.isUrgent)
        #expect(read.trust == order.trust)
        #expect(read.deadlines == order.deadlines)
        guard case .parse(let raw)? = ExchangeQuestion(ExchangeQuestion.parse(Secret("raw")).message.encoded) else {
            Issue.record("not read")
            return
        }
        #expect(raw.text == "raw")
    }

    @Test("results come back from the child as they were")
    func results() {
        let failures: [RefreshFailure] = [
            .refused(status: 400, code: "invalid_grant"), .answered(status: 503, retryAfter: .seconds(9)),
            .answered(status: 500, retryAfter: nil), .failed(.connect, "x"), .notUnderstood(status: 200),
        ]
        for one in failures { #expect(failure(ChildMessage.result(ChildMessage(.failure(one)).encoded)) == one) }
        for isWhole in [true, false] {
            let answer = RefreshAnswer(access: Secret("a"), refresh: nil, id: Secret("i"), isWhole: isWhole)
            guard case .success(let read)? = ChildMessage.result(ChildMessage(.success(answer)).encoded) else {
                Issue.record("not read")
                return
            }
            #expect(read.access?.text == "a" && read.refresh == nil && read.id?.text == "i")
            #expect(read.isWhole == isWhole)
        }
    }

    @Test("no bytes of a child make the supervisor do more than refuse them")
    func hostileChild() {
        let good = ChildMessage(.success(RefreshAnswer(access: Secret("aaaa"), refresh: Secret("b"), id: nil))).encoded
        let bytes = good.withBytes { bytes in bytes.indices.map { bytes[$0] } }
        for count in 0..<bytes.count {
            let prefix = Secret(Array(bytes[..<count]).span)
            #expect(ChildMessage.result(prefix) == nil)
        }
        for index in bytes.indices {
            for value in [0, 1, 0x0a, 0x7f, 0xff] as [UInt8] {
                var mutated = bytes
                mutated[index] = value
                if case .success(let answer)? = ChildMessage.result(Secret(mutated.span)) {
                    let isClean = [answer.access, answer.refresh].allSatisfy { $0?.isVisibleASCII ?? true }
                    #expect(isClean)
                }
            }
        }
        #expect(ChildMessage.result(ChildMessage(["status", "200000", "", ""].map { Secret($0) }).encoded) == nil)
        #expect(ChildMessage.result(ChildMessage(["failed", "connect", "a\nb", ""].map { Secret($0) }).encoded) == nil)
        #expect(ChildMessage.result(ChildMessage(["tokens", "a b", "", ""].map { Secret($0) }).encoded) == nil)
    }

    @Test("the token endpoint lies below the OAuth server, or where the CLI's variable says")
    func endpoint() {
        let oauth = BaseURL(isEncrypted: true, host: "auth.openai.com", port: 443, path: "")
        #expect(TokenEndpoint.url(oauth: oauth, override: nil)?.text == "https://auth.openai.com/oauth/token")
        #expect(TokenEndpoint.url(oauth: oauth, override: "")?.text == "https://auth.openai.com/oauth/token")
        #expect(
            TokenEndpoint.url(oauth: oauth, override: "http://127.0.0.1:5/x/token")?.text
                == "http://127.0.0.1:5/x/token")
        #expect(TokenEndpoint.url(oauth: oauth, override: "nonsense") == nil)
    }
}
