internal import OCMTLS

/// What a request to the callback's address means.
enum CallbackRequest {
    /// The user has agreed; the code is good once.
    case granted(code: Secret)
    case refused(LoginFailure.Refusal)
    /// It does not belong to this sign-in: an older link, or somebody else's doing.
    case foreign
    /// Neither code nor error, or parameters that can't be read.
    case malformed
    /// Another path: an icon, say.
    case elsewhere

    static let path = "/auth/callback"

    /// `target`: path and query of a GET. `state`: what this sign-in's link said.
    init(target: Span<UInt8>, state: Secret) {
        let end = target.indices.first { target[$0] == UInt8(ascii: "?") } ?? target.count
        guard Self.path.utf8.elementsEqual(target.indices.prefix(end).map { target[$0] }) else {
            self = .elsewhere
            return
        }
        let query = target.extracting(min(end + 1, target.count)..<target.count)
        self = FormEncoding.decode(query).map { Self.meaning(of: $0, state) } ?? .malformed
    }

    private static func meaning(of pairs: [(name: String, value: Secret)], _ state: Secret) -> CallbackRequest {
        let named = Dictionary(grouping: pairs, by: \.name)
        guard named.values.allSatisfy({ $0.count == 1 }) else { return .malformed }
        let value = { (name: String) in named[name]?.first?.value }
        // Nothing else of a request is looked at unless it comes from the link that was given out.
        guard let given = value("state"), given.matches(state) else { return .foreign }
        if let error = value("error") {
            let code = error.string.flatMap { OAuthAnswer.isCode($0) ? $0 : nil } ?? ""
            return .refused(LoginFailure.Refusal(code: code, description: value("error_description")?.string))
        }
        guard let code = value("code"), !code.isEmpty else { return .malformed }
        return .granted(code: code)
    }
}
