internal import OCMEventLoop

/// A sign-in from a machine without a browser: a code that the user enters on another one (after RFC 8628).
struct DeviceAuthorization {
    /// What the user enters: visible ASCII.
    let userCode: String
    /// What this client is known by.
    let identity: Secret
    /// Between two questions.
    let interval: Duration

    /// The page where the user enters the code, below the issuer.
    static let page = "/codex/device"
    /// Where a browser would come back to, below the issuer; named when the code is exchanged.
    static let callback = "/deviceauth/callback"

    /// What the user's agreement brings.
    struct Grant {
        let code: Secret
        let verifier: Secret
    }

    /// nil unless the answer is what the OAuth server says.
    init?(_ body: Span<UInt8>) {
        guard let root = (try? JSONOutline(body))?.root,
            let identity = root["device_auth_id"].flatMap({ $0.secret(in: body) }), !identity.isEmpty,
            let code = (root["user_code"] ?? root["usercode"]).flatMap({ $0.secret(in: body) }),
            (1...64).contains(code.count), code.isVisibleASCII, let userCode = code.string
        else { return nil }
        self.identity = identity
        self.userCode = userCode
        let seconds = root["interval"].flatMap { $0.seconds(in: body) } ?? 0
        // The server names an interval; where it does not, RFC 8628 section 3.2 has five seconds.
        interval = .seconds(seconds > 0 ? min(seconds, 60) : 5)
    }

    /// What the question for the grant brought.
    enum Answer {
        case granted(Grant)
        /// Not a grant: the status, and the error that the body names.
        case status(Int, code: String)
        case nothing
    }

    static func grant(_ body: Span<UInt8>) -> Grant? {
        guard let root = (try? JSONOutline(body))?.root,
            let code = root["authorization_code"].flatMap({ $0.secret(in: body) }), !code.isEmpty,
            let verifier = root["code_verifier"].flatMap({ $0.secret(in: body) }), !verifier.isEmpty
        else { return nil }
        return Grant(code: code, verifier: verifier)
    }
}

extension OAuthServer {
    @EventLoop func deviceAuthorization() async throws(LoginFailure) -> DeviceAuthorization {
        let body = OAuthRequest.object([("client_id", Secret(OAuthRequest.clientID))])
        let response = try await ask("/api/accounts/deviceauth/usercode", body, .json)
        if response.status == 404 { throw .devicesNotOffered }
        guard response.status == 200 else { throw .refused(status: response.status, code: response.code) }
        guard let device = response.withBody({ DeviceAuthorization($0) }) else { throw .incomplete }
        return device
    }

    /// Asks once whether the user has agreed. Throws ``LoginFailure/unreachable(_:_:)`` alone.
    @EventLoop func grant(for device: DeviceAuthorization) async throws(LoginFailure) -> DeviceAuthorization.Answer {
        let body = OAuthRequest.object([("device_auth_id", device.identity), ("user_code", Secret(device.userCode))])
        let response = try await ask("/api/accounts/deviceauth/token", body, .json)
        guard response.status == 200 else { return .status(response.status, code: response.code) }
        return response.withBody { DeviceAuthorization.grant($0) }.map { .granted($0) } ?? .nothing
    }
}

extension JSONOutline.Node {
    fileprivate func secret(in text: Span<UInt8>) -> Secret? {
        kind == .string ? JSONString.secret(text.extracting(range)) : nil
    }

    /// A number, or a string that is one: the server has sent both.
    fileprivate func seconds(in text: Span<UInt8>) -> Int? {
        switch kind {
        case .string: secret(in: text)?.number
        case .number: Int(String(decoding: range.map { text[$0] }, as: UTF8.self))
        case .object, .array, .boolean, .null: nil
        }
    }
}
