/// Why a refresh brought no token.
enum RefreshFailure: Error, Equatable, Sendable {
    /// The token endpoint refused the refresh token: asking again with it is useless.
    case refused(status: Int, code: String)
    /// The endpoint answered, but not to the point: overloaded, broken, or not the endpoint at all.
    case answered(status: Int, retryAfter: Duration?)
    /// The endpoint said yes, but no token could be found in what it said: the old one is perhaps spent.
    case notUnderstood(status: Int)
    /// No answer: what went wrong, and where.
    case failed(Stage, String)

    enum Stage: String, Sendable, CaseIterable {
        /// The exchange could not be started, or died.
        case start
        /// The answer could not be promised a place on disk, so nothing was asked.
        case storage
        case resolve
        case connect
        case handshake
        case exchange
        case deadline
    }

    /// What an answer without tokens means. `code` is `error.code`, `error` or `code` of its body, or empty.
    init(status: Int, code: String, retryAfter: Duration?) {
        let isClientError = (400..<500).contains(status) && status != 429
        if (200..<300).contains(status) {
            self = .notUnderstood(status: status)
        } else if status == 400 || status == 401 || (isClientError && Self.codesForGood.contains(code)) {
            self = .refused(status: status, code: code)
        } else {
            self = .answered(status: status, retryAfter: retryAfter)
        }
    }

    private static let codesForGood: Set<String> = [
        reused, "refresh_token_expired", "refresh_token_invalidated", "invalid_grant",
    ]
    private static let reused = "refresh_token_reused"

    var isForGood: Bool {
        if case .refused = self { true } else { false }
    }

    /// Another process may just have used the token and be about to write down the one that works.
    var meansReused: Bool {
        if case .refused(_, Self.reused) = self { true } else { false }
    }

    /// The endpoint says that it knows the token, and that it is of no use any more. Others may be the proxy's in between.
    var condemnsToken: Bool {
        if case .refused(_, let code) = self { Self.codesForGood.contains(code) } else { false }
    }

    var retryAfter: Duration? {
        if case .answered(_, let delay) = self { delay } else { nil }
    }
}

extension RefreshFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .refused(let status, "refresh_token_expired"): "the refresh token has expired (status \(status))"
        case .refused(let status, Self.reused): "the refresh token has been used before (status \(status))"
        case .refused(let status, "refresh_token_invalidated"): "the refresh token was revoked (status \(status))"
        case .refused(let status, ""): "the token endpoint refused the refresh token (status \(status))"
        case .refused(let status, let code): "the token endpoint refused the refresh token (status \(status), \(code))"
        case .answered(let status, _): "the token endpoint answered with status \(status)"
        case .notUnderstood(let status):
            "the token endpoint answered with status \(status), but with no token that can be read: it may have spent the "
                + "refresh token, so its answer is kept beside the credential file"
        case .failed(.start, let text): "the exchange could not be run: \(text)"
        case .failed(.storage, let text): "there is no room to keep its answer: \(text)"
        case .failed(.resolve, let text): "the token endpoint's name was not resolved: \(text)"
        case .failed(.connect, let text): "no connection to the token endpoint: \(text)"
        case .failed(.handshake, let text): "no TLS connection to the token endpoint: \(text)"
        case .failed(.exchange, let text): "the exchange with the token endpoint broke off: \(text)"
        case .failed(.deadline, let text): "the token endpoint took too long: \(text)"
        }
    }
}
