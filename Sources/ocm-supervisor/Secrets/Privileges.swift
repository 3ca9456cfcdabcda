internal import CShims
internal import OCMEventLoop

/// What this process may do beyond what its user may (capabilities(7)).
enum Privileges {
    /// By their numbers in linux/capability.h.
    enum Capability: UInt64 {
        /// Files of other owners: a login that root's service shares with a person's Codex CLI keeps its owner.
        case chown = 0
        case overrideAccess = 1
        case actAsOwner = 3
        /// Ending workers of another user that don't end by themselves.
        case kill = 5
        /// Workers of another user.
        case setGroup = 6
        case setUser = 7
        /// Children with an empty bounding set.
        case setCapabilities = 8
        /// Ports below 1024.
        case bindLowPorts = 10

        var bit: UInt64 { 1 << rawValue }
    }

    private static let needed: [Capability] = [
        .chown, .overrideAccess, .actAsOwner, .kill, .setGroup, .setUser, .setCapabilities, .bindLowPorts,
    ]

    /// Gives up all that the service never needs, for this process, its children and any program in its place. Started by
    /// root, it goes on as root with what is left; started with some of it by a service manager, with those; else there
    /// is nothing to give up. Nothing that it executes gets more.
    static func reduce() throws(SystemError) {
        let kept = needed.reduce(0) { $0 | $1.bit }
        guard ocm_bound_capabilities(kept) == 0 else { throw SystemError("prctl") }
        guard ocm_keep_capabilities(kept) == 0 else { throw SystemError("capset") }
        guard ocm_forbid_new_privileges() == 0 else { throw SystemError("prctl") }
    }

    /// Whether all of these are in effect.
    static func has(_ capabilities: Capability...) -> Bool {
        var effective = UInt64()
        guard unsafe ocm_capabilities(&effective) == 0 else { return false }
        return capabilities.allSatisfy { effective & $0.bit != 0 }
    }
}
