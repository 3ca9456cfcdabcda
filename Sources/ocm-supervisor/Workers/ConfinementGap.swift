import CShims

/// What would confine a worker further, and is not to be had here: of this user, or of this kernel.
///
/// The operator is told once, at the start; each worker takes what there is.
enum ConfinementGap: Equatable, CustomStringConvertible {
    /// Workers are what the supervisor is: what its user may do, only Landlock and the filter of system calls deny.
    case user
    case landlock
    /// Landlock is there, and too old for this.
    case ports, scopes

    /// - Parameters:
    ///   - changesUser: whether workers get a user of their own.
    ///   - landlock: the version of the kernel's interface, 0 or less where there is none.
    static func all(changesUser: Bool, landlock: Int32) -> [ConfinementGap] {
        var gaps: [ConfinementGap] = changesUser ? [] : [.user]
        if landlock < 1 {
            gaps.append(.landlock)
        } else {
            if landlock < 4 { gaps.append(.ports) }
            if landlock < 6 { gaps.append(.scopes) }
        }
        return gaps
    }

    /// Of this kernel.
    static var landlockVersion: Int32 { ocm_landlock_version() }

    var description: String {
        switch self {
        case .user: "a user of their own (the supervisor may not change users)"
        case .landlock: "Landlock (there is none here: the filter of system calls alone denies files)"
        case .ports: "connecting to the API's ports only (Linux 6.7)"
        case .scopes: "a second lock on signals and abstract sockets (Linux 6.12)"
        }
    }
}
