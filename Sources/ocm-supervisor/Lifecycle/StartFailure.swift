import OCMEventLoop
import OCMIPC
import OCMTLS

/// Why the service can't start.
enum StartFailure: Error {
    case noWorkerProgram
    case noAccount(String)
    case tokenEndpoint
    case adminSocket(AdminSocketError)
    case listener(ListenerSet.ListenFailure)
    case sockets([SocketProblem])
    case ledger(LedgerError)
    case prices(PricingError)
    case pricesUnreadable(path: String, reason: String)
    case trust(TrustError)
    /// The configuration is more than a worker takes.
    case tooLarge(IPCError)
    case log(SystemError)
    case system(SystemError)
    case workersNotReady
}

extension StartFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .noWorkerProgram:
            "ocm-worker is neither beside ocm-supervisor nor in ../libexec/ocm: install both together"
        case .noAccount(let name):
            "there is no user \(name) for the workers, which must not run as root: create it or set supervisor.worker_user"
        case .tokenEndpoint:
            "\(TokenEndpoint.overrideVariable) is no URL: give one like https://auth.openai.com/oauth/token, or unset it"
        case .listener(let failure):
            "service \(failure.service) can't listen on \(failure.address): \(failure.reason)"
        case .sockets(let problems): problems.map(\.description).joined(separator: "; ")
        case .adminSocket(let error): "admin socket: \(error)"
        case .ledger(let error): "\(error)"
        case .prices(.owners(let diagnostics)): diagnostics.map(\.text).joined(separator: "\n")
        case .prices(let error): "prices: \(error)"
        case .pricesUnreadable(let path, let reason): "the price table \(path) can't be read: \(reason)"
        case .trust(let error): "trusted certificates: \(error)"
        case .tooLarge(let error): "a worker can't take this configuration: \(error)"
        case .log(let error): "the log can't be opened: \(error)"
        case .system(let error): "\(error)"
        case .workersNotReady: "the workers did not become ready in time"
        }
    }
}

extension StartFailure {
    /// The error number of the system call that failed, where it was one.
    var code: Int32? {
        switch self {
        case .listener(let failure): failure.reason.code
        case .log(let error), .system(let error): error.code
        default: nil
        }
    }
}
