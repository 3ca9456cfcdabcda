internal import Logging

/// What the operator learns about a login: one line of log each, without secrets.
enum CredentialReport: Equatable, Sendable {
    case taken(Credential.Mode, expiry: Timestamp?)
    case loggedOut
    case unusable(Unavailable.Reason)
    case refreshed(expiry: Timestamp?)
    case recovered(expiry: Timestamp?)
    /// What the file brought is dead: what it had displaced is back in force.
    case stoodIn(RefreshFailure, expiry: Timestamp?)
    /// The endpoint gave a refresh token that can't be used.
    case unusableRefreshToken
    /// There are recovery copies of a login that is not the file's.
    case leftover
    case rejected(isHealed: Bool)
    case heldBack(LoginState.Obstacle)
    /// `isNews`: not the same as at the attempt before, which a log at its normal level need not repeat.
    case refreshFailed(RefreshFailure, retryIn: Duration, isNews: Bool)
    case signInAgain(RefreshFailure)
    case saveFailed(SaveProblem)
    case saved
    /// `isKept`: they stand in a recovery copy, and the next start takes them up.
    case unsavedAtEnd(isKept: Bool)

    func log(to logger: Logger) {
        logger.log(level: level, message, metadata: metadata)
    }

    var level: Logger.Level {
        switch self {
        case .taken, .refreshed: .info
        case .rejected(isHealed: true), .recovered, .saved, .leftover: .notice
        case .unsavedAtEnd(let isKept): isKept ? .warning : .error
        case .refreshFailed(_, _, let isNews): isNews ? .warning : .debug
        case .loggedOut, .rejected, .stoodIn, .unusableRefreshToken: .warning
        case .unusable, .heldBack, .signInAgain, .saveFailed: .error
        }
    }

    var message: Logger.Message {
        switch self {
        case .taken: "credential read"
        case .loggedOut: "there is no login"
        case .unusable: "credential file can't be used"
        case .refreshed: "access token refreshed"
        case .recovered: "tokens of an interrupted refresh taken up"
        case .stoodIn: "the login in the file was dead, the one before it is put back"
        case .unusableRefreshToken: "the new refresh token can't be used, the next refresh may end the login"
        case .leftover: "an answer of the token endpoint to another login is kept beside the credential file"
        case .rejected(isHealed: true): "access token rejected by the API, refreshing it"
        case .rejected: "credential rejected by the API"
        case .heldBack: "refresh put off"
        case .refreshFailed: "refresh failed, will be tried again"
        case .signInAgain: "the login has ended"
        case .saveFailed: "new tokens could not be written, they are kept in memory"
        case .saved: "new tokens written after all"
        case .unsavedAtEnd(isKept: true): "new tokens are not in the file, the next start takes them up"
        case .unsavedAtEnd: "new tokens could not be written anywhere and are lost"
        }
    }

    var metadata: Logger.Metadata {
        switch self {
        case .taken(let mode, let expiry):
            ["mode": .string(mode.rawValue)].merging(Self.expiry(expiry)) { $1 }
        case .refreshed(let expiry), .recovered(let expiry):
            Self.expiry(expiry)
        case .stoodIn(let failure, let expiry):
            ["reason": .string(failure.description)].merging(Self.expiry(expiry)) { $1 }
        case .unusableRefreshToken:
            ["reason": "it is no string of at most \(AuthFile.maximumToken) visible ASCII characters"]
        case .leftover:
            ["reason": "that login may come back into the file; after 30 days, or at a logout, the answer is removed"]
        case .loggedOut:
            ["remedy": .string(Self.text(.loggedOut))]
        case .unusable(let reason):
            ["reason": .string(Self.text(reason))]
        case .heldBack(.foreign(let owner)):
            ["reason": .string(SaveProblem.foreignOwner(owner).description)]
        case .heldBack(.noRoom(let text)):
            ["reason": .string(text)]
        case .heldBack(.unreadCopies):
            ["reason": "what an earlier refresh has left beside the credential file can't be read"]
        case .refreshFailed(let failure, let delay, _):
            ["reason": .string(failure.description), "retry_seconds": .stringConvertible(delay.components.seconds)]
        case .signInAgain(let failure):
            ["reason": .string(failure.description), "remedy": "run \"ocm-supervisor login\" again"]
        case .saveFailed(let problem):
            ["reason": .string(problem.description)]
        case .unsavedAtEnd(isKept: false):
            ["remedy": "run \"ocm-supervisor login\" again"]
        case .rejected, .saved, .unsavedAtEnd:
            [:]
        }
    }

    private static func text(_ reason: Unavailable.Reason) -> String {
        Unavailable(reason: reason, retryAfter: nil).description
    }

    private static func expiry(_ time: Timestamp?) -> Logger.Metadata {
        time.map { ["expiry": .string($0.rfc3339)] } ?? [:]
    }
}
