internal import OCMEventLoop

/// When to ask whether the user has agreed, and what the answers mean (RFC 8628 section 3.5). A value without I/O.
struct DevicePolling {
    enum Step {
        case ask(at: Instant)
        case end(Result<DeviceAuthorization.Grant, LoginFailure>)
    }

    /// What is added when the server finds the questions too frequent.
    static let slowDown = Duration.seconds(5)
    private static let longestInterval = Duration.seconds(60)

    private(set) var interval: Duration
    private let deadline: Instant

    init(interval: Duration, until deadline: Instant) {
        self.interval = interval
        self.deadline = deadline
    }

    mutating func answered(_ answer: DeviceAuthorization.Answer, at now: Instant) -> Step {
        switch answer {
        case .granted(let grant): return .end(.success(grant))
        case .nothing: return .end(.failure(.incomplete))
        case .status(let status, let code): return refused(status, code, at: now)
        }
    }

    /// The network, or the server, may come back: less is asked of it, until the code has expired.
    mutating func unreachable(_ failure: LoginFailure, at now: Instant) -> Step {
        slow()
        let step = next(at: now)
        if case .end = step { return .end(.failure(failure)) }
        return step
    }

    private mutating func refused(_ status: Int, _ code: String, at now: Instant) -> Step {
        switch (status, code) {
        case (_, "access_denied"):
            return .end(.failure(.denied(LoginFailure.Refusal(code: code, description: nil))))
        case (_, "expired_token"):
            return .end(.failure(.expired))
        case (_, "slow_down"), (429, _), (500..., _):
            slow()
            return next(at: now)
        // The server has no word of its own for "not yet".
        case (403, _), (404, _), (_, "authorization_pending"):
            return next(at: now)
        default:
            return .end(.failure(.refused(status: status, code: code)))
        }
    }

    private mutating func slow() {
        interval = min(interval + Self.slowDown, Self.longestInterval)
    }

    private func next(at now: Instant) -> Step {
        let moment = now + interval
        return moment < deadline ? .ask(at: moment) : .end(.failure(.expired))
    }
}
