/// Where refresh tokens are exchanged.
enum TokenEndpoint {
    /// Its name in the environment, the CLI's own: the whole URL of the token endpoint.
    static let overrideVariable = "CODEX_REFRESH_TOKEN_URL_OVERRIDE"

    /// Below `oauth`, the configured OAuth server, unless `override` says otherwise. nil where that is no URL.
    static func url(oauth: BaseURL, override: String?) -> BaseURL? {
        if let override, !override.isEmpty { return BaseURL(parsing: override) }
        var url = oauth
        url.path += "/oauth/token"
        return url
    }
}
