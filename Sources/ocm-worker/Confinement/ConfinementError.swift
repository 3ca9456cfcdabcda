internal import OCMEventLoop

/// Why a worker is not confined as it has to be, which is the end of it.
enum ConfinementError: Error, Equatable {
    /// A step has failed.
    case step(SystemError)
    /// What started it has left it root's rights.
    case root
    /// A rule of the filter can't be made, by the error number of libseccomp.
    case rule(call: String, code: Int32)
    /// The filter can't be put into force.
    case filter(code: Int32)
}

extension ConfinementError: CustomStringConvertible {
    var description: String {
        switch self {
        case .step(let error): "\(error)"
        case .root: "it would run as root"
        case .rule(let call, let code): "no filter rule for \(call): \(SystemError("seccomp_rule_add", -code))"
        case .filter(let code): "\(SystemError("seccomp_load", -code))"
        }
    }
}
