internal import OCMIPC

extension Credential {
    /// As it is sent to the workers.
    var message: CredentialState {
        .available(
            CredentialState.Credential(
                generation: generation, mode: mode == .apiKey ? .apiKey : .chatGPT,
                token: token.withBytes { TokenBytes($0) }, accountID: account ?? ""))
    }
}

extension Unavailable {
    /// As it is sent to the workers.
    var message: CredentialState {
        let reason: CredentialState.Reason =
            switch reason {
            case .notRead, .loggedOut, .damaged, .unreadable: .absent
            case .refreshing, .failing: .refreshFailing
            case .signInAgain, .expired, .foreignOwner: .signInNeeded
            }
        return .unavailable(reason, retryAfter: UInt32(clamping: retryAfter ?? 60))
    }
}
