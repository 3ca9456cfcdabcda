import Testing

@testable import ocm_supervisor

@Suite("The way to the browser and back")
struct SignInLinkTests {
    private let server = OAuthServer(
        issuer: BaseURL(isEncrypted: true, host: "auth.openai.com", port: 443, path: ""), trust: [],
        revocationOverride: nil)

    @Test("the proof key of RFC 7636 appendix B has the challenge that stands there")
    func appendixB() {
        let octets: [UInt8] = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
            240, 91, 88, 5, 88, 83, 132, 141, 121,
        ]
        let key = ProofKey(verifier: Base64URL.encode(octets.span))
        #expect(key.verifier.text == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        #expect(key.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }

    @Test("a proof key is 86 unreserved characters, and none comes twice")
    func randomKeys() {
        let keys = (0..<100).map { _ in ProofKey.random().verifier.text }
        #expect(Set(keys).count == keys.count)
        #expect(
            keys.allSatisfy { $0.utf8.count == 86 && $0.allSatisfy { $0.isLetter || $0.isNumber || "-_".contains($0) } }
        )
        #expect(Set(keys.joined()).count == 64)
    }

    @Test("base64url is decoded to what was encoded", arguments: 0..<20)
    func base64(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ 200) }
        let text = Base64URL.encode(bytes.span)
        #expect(text.count == (count * 4 + 2) / 3)
        let back = text.withBytes { Base64URL.decode($0) }
        let decoded = try #require(back)
        #expect(decoded.withBytes { decoded in decoded.indices.map { decoded[$0] } } == bytes)
    }

    @Test("the link says what the CLI's says, in its order")
    func link() throws {
        let server = try #require(server)
        let link = server.authorization(
            redirect: CallbackServer.redirect, challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", state: "s-t_a")
        #expect(
            link == "https://auth.openai.com/oauth/authorize?response_type=code&client_id=app_EMoamEEZ73f0CkXaXp7hrann"
                + "&redirect_uri=http%3A%2F%2F127.0.0.1%3A1455%2Fauth%2Fcallback"
                + "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&state=s-t_a"
                + "&scope=openid%20profile%20email%20offline_access%20api.connectors.read%20api.connectors.invoke"
                + "&id_token_add_organizations=true&codex_cli_simplified_flow=true&originator=codex_cli_rs")
    }

    @Test("tokens are revoked below the issuer, or where the CLI's variable says")
    func revocation() throws {
        let issuer = BaseURL(isEncrypted: false, host: "127.0.0.1", port: 9, path: "/x")
        let server = { (override: String?) in OAuthServer(issuer: issuer, trust: [], revocationOverride: override) }
        #expect(server(nil)?.revocation.text == "http://127.0.0.1:9/x/oauth/revoke")
        #expect(server("")?.revocation.text == "http://127.0.0.1:9/x/oauth/revoke")
        #expect(server("https://a.example/r")?.revocation.text == "https://a.example/r")
        #expect(server("a.example/r") == nil)
    }

    private func callback(_ target: String, state: String = "right") -> String {
        switch CallbackRequest(target: target.utf8Span.span, state: Secret(state)) {
        case .granted(let code): "granted \(code.text)"
        case .refused(let refusal): "refused \(refusal.code) \(refusal.description ?? "-")"
        case .foreign: "foreign"
        case .malformed: "malformed"
        case .elsewhere: "elsewhere"
        }
    }

    @Test(
        "what a browser brings is understood",
        arguments: [
            ("/auth/callback?code=ac_1&state=right", "granted ac_1"),
            ("/auth/callback?state=right&scope=a+b&code=a%2Fb%2b%20c", "granted a/b+ c"),
            ("/auth/callback?error=access_denied&state=right", "refused access_denied -"),
            (
                "/auth/callback?error=access_denied&error_description=No+way%21&state=right",
                "refused access_denied No way!"
            ),
            ("/auth/callback?code=1&error=server_error&state=right", "refused server_error -"),
            ("/auth/callback?error=%1b%5b31m&state=right", "refused  -"),
            ("/auth/callback?code=ac_1&state=wrong", "foreign"),
            ("/auth/callback?code=ac_1&state=righ", "foreign"),
            ("/auth/callback?code=ac_1&state=", "foreign"),
            ("/auth/callback?code=ac_1", "foreign"),
            ("/auth/callback?error=access_denied&state=wrong", "foreign"),
            ("/auth/callback", "foreign"),
            ("/auth/callback?", "foreign"),
            ("/auth/callback?state=right", "malformed"),
            ("/auth/callback?state=right&code=", "malformed"),
            ("/auth/callback?state=right&code=a&code=b", "malformed"),
            ("/auth/callback?state=wrong&state=right&code=a", "malformed"),
            ("/auth/callback?state=right&code=%4", "malformed"),
            ("/auth/callback?state=right&code=%zz", "malformed"),
            ("/auth/callback?state=right&code=%ff", "granted \u{fffd}"),
            ("/auth/callback?%ff=a&state=right&code=b", "malformed"),
            ("/auth/callback/?code=ac_1&state=right", "elsewhere"),
            ("/favicon.ico", "elsewhere"),
            ("/", "elsewhere"),
            ("/cancel", "elsewhere"),
        ])
    func callbacks(target: String, meaning: String) {
        #expect(callback(target) == meaning)
    }

    @Test("forms come back as they went out, whatever is in them")
    func forms() throws {
        let pairs = [("a", "b c+d&e=f%20"), ("empty", ""), ("unicode", "\u{e9}\u{1F600}\r\n\0")]
        let encoded = FormEncoding.encode(pairs.map { ($0.0, Secret($0.1)) })
        #expect(encoded.text == "a=b%20c%2Bd%26e%3Df%2520&empty=&unicode=%C3%A9%F0%9F%98%80%0D%0A%00")
        let pairsBack = encoded.withBytes { FormEncoding.decode($0) }
        let decoded = try #require(pairsBack)
        #expect(decoded.map(\.name) == pairs.map(\.0))
        #expect(decoded.map(\.value.text) == pairs.map(\.1))
    }

    @Test("a page shows text from outside as text, and loads nothing")
    func pages() {
        let refusal = LoginFailure.Refusal(code: "access_denied", description: "<script>alert(\"1\")</script>")
        let page = String(decoding: CallbackPage.failed(.denied(refusal)).answer, as: UTF8.self)
        #expect(page.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(page.contains("content-security-policy: default-src 'none'"))
        #expect(page.contains("cache-control: no-store\r\n"))
        #expect(page.contains("&lt;script&gt;") && !page.contains("<script"))
    }

    @Test("who listens on the port is found in the kernel's table")
    func portHolder() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:05AF 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0 100 0 0 10 0
               1: 00000000:05AF 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0
               2: 0200007F:05AF 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0 100 0 0 10 0
               3: 0100007F:05AF 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 444 1 0 20 4 30 10 -1
               4: 0100007F:05B0 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 555 1 0 100 0 0 10 0
            """
        #expect(PortHolder.listeners(in: table, port: 1455) == ["111", "222"])
        #expect(PortHolder.listeners(in: "", port: 1455).isEmpty)
    }
}
