/// What `status` shows of a login: nothing that is a secret.
struct CredentialStatus: Equatable, Sendable {
    var condition: LoginState.Condition
    /// Whether workers have a credential to serve with.
    var isUsable = false
    var mode: Credential.Mode?
    /// `o…@example.org`
    var email: String?
    var plan: String?
    var expiry: Timestamp?
    var lastRefresh: Timestamp?
    /// Why there is no credential, or why its refresh fails.
    var reason: String?
    /// Why new tokens are in memory only.
    var unsaved: String?
    /// What the API has said of the account's limits.
    var limits: LoginLimits.Current?
}

extension LoginState {
    var status: CredentialStatus {
        var status = CredentialStatus(condition: condition)
        switch holding {
        case .nothing: break
        case .apiKey: status.mode = .apiKey
        case .tokens(let tokens):
            status.mode = .chatGPT
            status.email = tokens.claims?.email.map(CredentialStatus.masked)
            status.plan = tokens.claims?.plan
            status.expiry = localExpiry(of: tokens)
            status.lastRefresh = tokens.lastRefresh
        }
        if case .credential = published { status.isUsable = true }
        if case .unavailable(let unavailable) = published {
            status.reason = "\(unavailable)"
        } else if case .dead(let failure) = phase {
            status.reason = "\(failure)"
        } else {
            status.reason = lastFailure.map { "\($0)" }
        }
        if let obtained, isUnsaved { status.unsaved = obtained.problem.map { "\($0)" } ?? "being written" }
        return status
    }
}

extension CredentialStatus {
    /// Enough to tell two accounts of one person apart.
    static func masked(_ email: String) -> String {
        guard let at = email.lastIndex(of: "@"), let first = email.first, at != email.startIndex else { return "…" }
        return "\(first)…\(email[at...])"
    }
}
