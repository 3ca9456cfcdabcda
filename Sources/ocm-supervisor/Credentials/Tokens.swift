/// The tokens of a ChatGPT login, as they stand in auth.json or came from the token endpoint.
struct Tokens {
    /// Absent in a file that holds a refresh token only.
    var access: Secret?
    var refresh: Secret?
    var id: Secret?
    /// `chatgpt_account_id`, of the file or else of a token's claims.
    var account: String?
    var lastRefresh: Timestamp?
    /// Claims of the access token, its user, plan and e-mail completed from the id token.
    var claims: TokenClaims?

    init(access: Secret?, refresh: Secret?, id: Secret?, account: String?, lastRefresh: Timestamp?) {
        self.access = access
        self.refresh = refresh
        self.id = id
        self.lastRefresh = lastRefresh
        let identity = id.map { TokenClaims($0) }
        var claims = access.map { TokenClaims($0) }
        if claims?.plan == nil { claims?.plan = identity?.plan }
        if claims?.email == nil { claims?.email = identity?.email }
        if claims?.user == nil { claims?.user = identity?.user }
        self.claims = claims
        self.account = account ?? claims?.account ?? identity?.account
    }

    var expiry: Timestamp? { claims?.expiry }

    /// Whether both hold the same access and the same refresh token.
    func matches(_ other: Tokens) -> Bool {
        Self.match(access, other.access) && Self.match(refresh, other.refresh)
    }

    static func match(_ left: Secret?, _ right: Secret?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return left.matches(right)
    }

    /// These tokens with those of an answer in their place; what the answer does not name is kept.
    func renewed(by answer: RefreshAnswer, at time: Timestamp) -> Tokens {
        Tokens(
            access: answer.access ?? access, refresh: answer.refresh ?? refresh, id: answer.id ?? id,
            account: account, lastRefresh: time)
    }

    /// Whether these are of a later date than `other`: by the server's `iat`, else `exp`, else by the local clock's
    /// `last_refresh`. nil where nothing tells.
    func isNewer(than other: Tokens) -> Bool? {
        Self.later(claims?.issued, other.claims?.issued) ?? Self.later(claims?.expiry, other.claims?.expiry)
            ?? Self.later(lastRefresh, other.lastRefresh)
    }

    /// Whether both name the same account, and nobody else in it: a workspace has several users.
    func isOfSameUser(as other: Tokens) -> Bool {
        guard let account, account == other.account else { return false }
        return Self.agree(claims?.user, other.claims?.user) && Self.agree(claims?.email, other.claims?.email)
    }

    private static func agree(_ left: String?, _ right: String?) -> Bool {
        left == nil || right == nil || left == right
    }

    private static func later(_ left: Timestamp?, _ right: Timestamp?) -> Bool? {
        guard let left, let right, left != right else { return nil }
        return left > right
    }
}

/// What the token endpoint gave: each may be absent.
struct RefreshAnswer {
    var access: Secret?
    var refresh: Secret?
    var id: Secret?
    /// False where there was a refresh token that can't be made use of: the old one is then perhaps spent.
    var isWhole = true
}
