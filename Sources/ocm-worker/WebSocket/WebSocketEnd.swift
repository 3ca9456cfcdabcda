internal import OCMHTTP

/// How a WebSocket has come to its end.
enum WebSocketEnd: Error, Equatable {
    /// Both ends have said that they close.
    case closed
    /// The connection has ended, and no close frame was there.
    case clientGone, apiGone
    case clientViolation(WebSocketError), apiViolation(WebSocketError)
    /// It took no bytes for too long.
    case clientStalled, apiStalled
    /// It answered no ping.
    case clientSilent, apiSilent
    /// One end has said that it closes, and the other has not answered that.
    case unanswered
    /// Its user is none any more.
    case revoked
    /// The worker drains, and no response is under way; or the drain has come to its deadline.
    case drained, cut
}

extension WebSocketEnd {
    /// What each end is told; nil where it knows, or is as gone as the other one.
    var notices: (client: WebSocketNotice?, api: WebSocketNotice?) {
        switch self {
        case .closed, .clientGone, .apiGone, .unanswered: (nil, nil)
        case .clientViolation(let error): (WebSocketNotice(error), .leaving)
        case .apiViolation(let error):
            (WebSocketNotice(.internalError, "the API broke the protocol"), WebSocketNotice(error))
        case .clientStalled, .clientSilent: (nil, .leaving)
        case .apiStalled, .apiSilent: (WebSocketNotice(.internalError, "the API is silent"), nil)
        case .revoked: (WebSocketNotice(.policyViolation, "the token is not valid any more"), .leaving)
        case .drained, .cut: (WebSocketNotice(.serviceRestart, "the service is restarting"), .leaving)
        }
    }

    /// The API's connection is of no use any more.
    var leavesAPI: Bool {
        switch self {
        case .apiGone, .apiStalled, .apiSilent: true
        default: false
        }
    }

    /// For the log; nil where there is nothing to be said.
    var word: StaticString? {
        switch self {
        case .closed: nil
        case .clientGone: "client_gone"
        case .apiGone: "api_gone"
        case .clientViolation: "protocol_error"
        case .apiViolation: "api_protocol_error"
        case .clientStalled: "client_stalled"
        case .apiStalled: "api_stalled"
        case .clientSilent: "client_silent"
        case .apiSilent: "api_silent"
        case .unanswered: "close_unanswered"
        case .revoked: "user_revoked"
        case .drained, .cut: "drained"
        }
    }
}

/// A close frame of our own.
struct WebSocketNotice: Equatable {
    let code: WebSocketCloseCode
    let reason: String

    init(_ code: WebSocketCloseCode, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    init(_ error: WebSocketError) {
        self.init(error.closeCode, error.description)
    }

    static let leaving = WebSocketNotice(.goingAway, "the other end is gone")
}
