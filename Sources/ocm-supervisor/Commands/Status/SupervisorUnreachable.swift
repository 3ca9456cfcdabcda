import Glibc

/// Why no supervisor answered a command, and what would be right.
struct SupervisorUnreachable: Error {
    /// What was tried, in that order; at least one.
    let attempts: [(path: String, failure: AdminClientFailure)]
    /// How long each was waited for.
    var patience = AdminClient.patience

    /// Someone is there and this user may not ask: EX_NOPERM (sysexits.h). Else 1.
    var exitStatus: Int32 { likeliest?.failure == .forbidden ? 77 : 1 }

    /// The place where something was found says more than those where nothing is.
    private var likeliest: (path: String, failure: AdminClientFailure)? {
        attempts.first { $0.failure != .absent && $0.failure != .abandoned }
            ?? attempts.first { $0.failure == .abandoned } ?? attempts.first
    }

    var text: String {
        guard let (path, failure) = likeliest else { return "no supervisor answers" }
        return switch failure {
        case .absent:
            "no supervisor answers: there is no socket at \(attempts.map(\.path).joined(separator: " or ")).\n"
                + Self.advice
        case .abandoned:
            "no supervisor answers on \(path): the one that made the socket has ended without removing it.\n"
                + Self.advice
        case .notASocket:
            "\(path) is no socket of a supervisor: name the right one with --socket PATH."
        case .forbidden:
            "this user may not use \(path)\(Self.owner(of: path)): ask as root, as the supervisor's user, "
                + "or as a member of the socket's group."
        case .silent:
            "the supervisor on \(path) did not answer within \(patience.components.seconds) s: "
                + "it is stopped or overloaded; its log may say more."
        case .refused(_, let reason?):
            "the supervisor on \(path) refused: \(Printable.line(reason))."
        case .refused(let status, nil):
            "the supervisor on \(path) refused with status \(status): it is of another version than this command."
        case .garbled:
            "what answers on \(path) broke off, or is no supervisor: name the right socket with --socket PATH."
        case .system(let error):
            "no supervisor answers on \(path): \(error.reason)."
        }
    }

    private static let advice =
        "If it runs, name its configuration with -c FILE or its socket with --socket PATH; "
        + "if not, start it: ocm-supervisor run -c FILE."

    /// As far as this user can see.
    private static func owner(of path: String) -> String {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return "" }
        let user = unsafe getpwuid(status.st_uid).map { unsafe String(cString: $0.pointee.pw_name) }
        let group = unsafe getgrgid(status.st_gid).map { unsafe String(cString: $0.pointee.gr_name) }
        return ", which belongs to \(user ?? "\(status.st_uid)"):\(group ?? "\(status.st_gid)")"
    }
}
