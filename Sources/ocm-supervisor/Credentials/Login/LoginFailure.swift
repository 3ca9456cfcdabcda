internal import OCMEventLoop

/// Why nobody was signed in or out.
enum LoginFailure: Error, Equatable, Sendable {
    /// The callback's port is taken; by whom, where that can be seen.
    case portInUse(PortHolder?)
    case listening(SystemError)
    /// The OAuth server gave no answer: at which URL, and why.
    case unreachable(String, RefreshFailure)
    /// It answered, but with no.
    case refused(status: Int, code: String)
    /// The user, or the server for them, did not agree.
    case denied(Refusal)
    /// Tokens are missing in the answer, or it is none.
    case incomplete
    case devicesNotOffered
    /// Nobody agreed in time.
    case expired
    /// The file can't be written: found out before anything was asked.
    case unwritable(path: String, SaveProblem)
    /// The login is there, but the file could not be written.
    case notSaved(path: String, SaveProblem)

    /// What the OAuth server said in place of a code (RFC 6749 section 4.1.2.1).
    struct Refusal: Equatable, Sendable {
        /// A word, or empty where it was none.
        let code: String
        /// Text from outside: to be quoted.
        let description: String?
    }
}

extension LoginFailure: CustomStringConvertible {
    /// For people: what is the matter, and what they can do.
    var description: String {
        switch self {
        case .portInUse(let holder):
            "\(CallbackServer.address) is in use\(holder.map { " by \($0)" } ?? ""). The browser comes back to this "
                + "address and no other: end what uses it (another sign-in, perhaps), or use --device"
        case .listening(let error): "can't wait for the browser on \(CallbackServer.address): \(error)"
        case .unreachable(let url, let failure): "no answer from \(url): \(failure.detail)"
        case .refused(let status, ""): "the OAuth server refused with status \(status)"
        case .refused(let status, let code): "the OAuth server refused with status \(status), \(code)"
        case .denied(let refusal):
            "the sign-in was refused" + (refusal.code.isEmpty ? "" : ": \(refusal.code)")
                + (refusal.description.map { ", \($0.quoted)" } ?? "")
        case .incomplete: "the OAuth server's answer is not what was expected"
        case .devicesNotOffered:
            "the OAuth server offers no sign-in by device code (it may have to be allowed in the account's security "
                + "settings): leave --device out"
        case .expired: "nobody agreed within \(SignInTime.limit.components.seconds / 60) minutes"
        case .unwritable(let path, let problem): "\(path) can't be written, so nobody was signed in: \(problem)"
        case .notSaved(let path, let problem):
            "the login was not saved and is lost, sign in again: \(path) can't be written: \(problem)"
        }
    }
}

extension RefreshFailure {
    /// What went wrong, without the name of what was asked.
    fileprivate var detail: String {
        switch self {
        case .failed(_, let text): text
        case .refused, .answered, .notUnderstood: "\(self)"
        }
    }
}

/// How long one may take to sign in: a device code lives as long.
enum SignInTime {
    static let limit = Duration.seconds(15 * 60)
}
