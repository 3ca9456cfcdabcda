/// What a worker authenticates with to the API, as the supervisor sends it.
package enum CredentialState: Equatable, Sendable {
    case available(Credential)
    /// There is none now; clients are told to come again after so many seconds.
    case unavailable(Reason, retryAfter: UInt32)

    package enum Reason: UInt8, Sendable {
        /// auth.json is not there or holds no login.
        case absent = 1
        /// The access token has expired and can't be refreshed for the moment.
        case refreshFailing
        /// The owner has to sign in again.
        case signInNeeded
    }

    package struct Credential: Equatable, Sendable {
        package enum Mode: UInt8, Sendable {
            case chatGPT = 1
            case apiKey
        }

        /// Counts up with each credential of the service.
        package var generation: UInt64
        package var mode: Mode
        /// The access token or API key, as it stands behind `Bearer`.
        package var token: TokenBytes
        /// Empty where there is none.
        package var accountID: String

        package init(generation: UInt64, mode: Mode, token: TokenBytes, accountID: String) {
            self.generation = generation
            self.mode = mode
            self.token = token
            self.accountID = accountID
        }
    }
}

extension CredentialState {
    func encode(into encoder: inout MessageEncoder) {
        switch self {
        case .available(let credential):
            encoder.put(UInt8(1))
            encoder.put(credential.generation)
            encoder.put(credential.mode.rawValue)
            credential.token.withBytes { encoder.put($0) }
            encoder.put(credential.accountID)
        case .unavailable(let reason, let retryAfter):
            encoder.put(UInt8(0))
            encoder.put(reason.rawValue)
            encoder.put(retryAfter)
        }
    }

    init(from decoder: inout MessageDecoder) throws(IPCError) {
        if try decoder.takeBool("available") {
            let generation = try decoder.take(UInt64.self)
            guard let mode = Credential.Mode(rawValue: try decoder.take()) else { throw .invalid(field: "mode") }
            let token = try decoder.takeBytes("token", atMost: Bounds.secret)
            self = .available(
                Credential(
                    generation: generation, mode: mode, token: TokenBytes(token.span),
                    accountID: try decoder.takeString("accountID", atMost: Bounds.tag)))
        } else {
            guard let reason = Reason(rawValue: try decoder.take()) else { throw .invalid(field: "reason") }
            self = .unavailable(reason, retryAfter: try decoder.take())
        }
    }
}
