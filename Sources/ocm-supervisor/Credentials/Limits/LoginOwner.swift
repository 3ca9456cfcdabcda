/// Whose login it is, as far as its tokens tell: limits are a person's, and a workspace's account has several.
struct LoginOwner: Equatable {
    let mode: Credential.Mode
    let account: String?
    let email: String?
    /// Where nothing names the owner each credential counts as another one's.
    private let generation: UInt64?

    init(mode: Credential.Mode, account: String?, email: String?, generation: UInt64) {
        self.mode = mode
        self.account = account
        self.email = email
        self.generation = account == nil ? generation : nil
    }
}

extension LoginState {
    /// Nil where there is no login.
    var owner: LoginOwner? {
        switch holding {
        case .nothing: nil
        case .apiKey: LoginOwner(mode: .apiKey, account: nil, email: nil, generation: generation)
        case .tokens(let tokens):
            LoginOwner(
                mode: .chatGPT, account: tokens.account, email: tokens.claims?.email, generation: generation)
        }
    }
}
