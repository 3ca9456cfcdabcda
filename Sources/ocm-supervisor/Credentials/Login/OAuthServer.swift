internal import OCMEventLoop
internal import OCMTLS

/// The OAuth server as one signs in and out with it.
struct OAuthServer: Sendable {
    /// Its base URL: `/oauth/authorize` and the like follow.
    let issuer: BaseURL
    let trust: [TrustSource]
    /// The whole URL where tokens are revoked.
    var revocation: BaseURL
    /// Milliseconds, of each question.
    var deadlines = OAuthCall.Deadlines(connect: 10_000, handshake: 10_000, total: 30_000)

    /// Its name in the environment, the CLI's own: the whole URL where tokens are revoked.
    static let revocationVariable = "CODEX_REVOKE_TOKEN_URL_OVERRIDE"

    /// nil where `revocationOverride` is no URL.
    init?(issuer: BaseURL, trust: [TrustSource], revocationOverride: String?) {
        self.issuer = issuer
        self.trust = trust
        revocation = issuer
        revocation.path += "/oauth/revoke"
        if let revocationOverride, !revocationOverride.isEmpty {
            guard let url = BaseURL(parsing: revocationOverride) else { return nil }
            revocation = url
        }
    }

    func url(_ path: String) -> BaseURL {
        var url = issuer
        url.path += path
        return url
    }

    /// Where the user agrees: the link for a browser, which comes back to `redirect`.
    func authorization(redirect: String, challenge: String, state: String) -> String {
        let query: [(name: String, value: String)] = [
            ("response_type", "code"), ("client_id", OAuthRequest.clientID), ("redirect_uri", redirect),
            ("code_challenge", challenge), ("code_challenge_method", "S256"), ("state", state),
            ("scope", "openid profile email offline_access api.connectors.read api.connectors.invoke"),
            ("id_token_add_organizations", "true"), ("codex_cli_simplified_flow", "true"),
            ("originator", "codex_cli_rs"),
        ]
        let encoded = FormEncoding.encode(query.map { ($0.name, Secret($0.value)) })
        return url("/oauth/authorize").text + "?" + (encoded.string ?? "")
    }

    /// Exchanges an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.5). The tokens are all there.
    @EventLoop func tokens(
        code: Secret, verifier: Secret, redirect: String
    ) async throws(LoginFailure) -> Tokens {
        let body = FormEncoding.encode([
            ("grant_type", Secret("authorization_code")), ("client_id", Secret(OAuthRequest.clientID)),
            ("code", code), ("redirect_uri", Secret(redirect)), ("code_verifier", verifier),
        ])
        let response = try await ask("/oauth/token", body, .form)
        switch response.result {
        case .success(let answer):
            guard let access = answer.access, let refresh = answer.refresh, let id = answer.id else {
                throw .incomplete
            }
            return Tokens(access: access, refresh: refresh, id: id, account: nil, lastRefresh: .now)
        case .failure(.refused(let status, let code)):
            throw .refused(status: status, code: code)
        case .failure:
            throw .refused(status: response.status, code: response.code)
        }
    }

    /// Makes a token worthless (RFC 7009).
    @EventLoop func revoke(_ token: Secret, isRefreshToken: Bool) async throws(LoginFailure) {
        var members: [(name: StaticString, value: Secret)] = [
            ("token", token), ("token_type_hint", Secret(isRefreshToken ? "refresh_token" : "access_token")),
        ]
        if isRefreshToken { members.append(("client_id", Secret(OAuthRequest.clientID))) }
        let response = try await ask(revocation, OAuthRequest.object(members), .json)
        guard (200..<300).contains(response.status) else {
            throw .refused(status: response.status, code: response.code)
        }
    }

    @EventLoop func ask(
        _ path: String, _ body: Secret, _ contentType: OAuthRequest.ContentType
    ) async throws(LoginFailure) -> OAuthResponse {
        try await ask(url(path), body, contentType)
    }

    @EventLoop private func ask(
        _ url: BaseURL, _ body: Secret, _ contentType: OAuthRequest.ContentType
    ) async throws(LoginFailure) -> OAuthResponse {
        let call = OAuthCall(url: url, body: body, contentType: contentType, trust: trust, deadlines: deadlines)
        do throws(RefreshFailure) {
            return try await call.response()
        } catch {
            throw .unreachable(url.text, error)
        }
    }
}

extension OAuthResponse {
    /// The error that the body names, or an empty string.
    var code: String {
        withBody { OAuthAnswer.code((try? JSONOutline($0))?.root, $0) }
    }
}
