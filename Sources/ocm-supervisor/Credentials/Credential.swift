/// What workers authenticate with towards the API.
struct Credential {
    enum Mode: String, Sendable {
        /// `https://api.openai.com`, the key as bearer token.
        case apiKey
        /// `https://chatgpt.com/backend-api/codex`, the access token and the account's id.
        case chatGPT
    }

    /// Grows with each token that is another one. A worker names it when the API has rejected the token.
    let generation: UInt64
    let mode: Mode
    /// Access token or API key: visible ASCII.
    let token: Secret
    /// `ChatGPT-Account-Id`; visible ASCII. Absent in API-key mode.
    let account: String?
    /// When the token ends by its own account; nil where it does not say.
    let expiry: Timestamp?
}

/// Why a service has no credential at the moment.
struct Unavailable: Equatable, Sendable {
    enum Reason: Equatable, Sendable {
        case notRead
        case loggedOut
        case damaged(String)
        case unreadable(String)
        case refreshing
        case failing(RefreshFailure)
        case signInAgain(RefreshFailure)
        case expired
        case foreignOwner(UInt32)
    }

    let reason: Reason
    /// Seconds after which asking again may help (a 503 with `retry-after`); nil where the owner has to act and time
    /// alone heals nothing (a 400).
    let retryAfter: Int?
}

extension Unavailable: CustomStringConvertible {
    /// For the log, `status` and the body of the refusal: what is the matter and what the owner can do.
    var description: String {
        switch reason {
        case .notRead: "the credential file has not been read yet"
        case .loggedOut: "there is no login: run \"ocm-supervisor login\" (or put auth.json in its place)"
        case .damaged(let fault): "the credential file can't be used: \(fault)"
        case .unreadable(let fault): "the credential file can't be read: \(fault)"
        case .refreshing: "the access token has expired and is being refreshed"
        case .failing(let failure): "the access token could not be refreshed, it is tried again: \(failure)"
        case .signInAgain(let failure): "the login has ended, run \"ocm-supervisor login\" again: \(failure)"
        case .expired: "the access token has expired and there is no refresh token: run \"ocm-supervisor login\" again"
        case .foreignOwner(let owner):
            "the access token needs to be refreshed, but auth.json belongs to user \(owner) and a rewrite would take "
                + "it from them. " + Unavailable.deployments
        }
    }

    /// The two ways to deploy, for every message about a file of another owner.
    static let deployments =
        "Either give OCM a login of its own (run \"ocm-supervisor login\" as the user that OCM runs as), or run OCM as "
        + "the owner of the login (as that person's user unit, or as ocm@USER.service)"
}
