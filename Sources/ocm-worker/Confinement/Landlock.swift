internal import CShims
internal import OCMEventLoop

/// No file, and no port but the API's, whatever this process's user may do (landlock(7)).
enum Landlock {
    /// The rights of one ruleset, as numbers of linux/landlock.h. What is in it is denied but for the exceptions.
    struct Rights: Equatable {
        var files: UInt64
        var network: UInt64
        var scoped: UInt64
    }

    static let bindTCP: UInt64 = 1 << 0
    static let connectTCP: UInt64 = 1 << 1
    private static let abstractSockets: UInt64 = 1 << 0
    private static let signals: UInt64 = 1 << 1

    /// What a version of the interface can deny: all of it is denied.
    static func rights(version: Int32) -> Rights {
        // To version 1 belong the bits up to LANDLOCK_ACCESS_FS_MAKE_SYM, 12.
        var rights = Rights(files: (1 << 13) - 1, network: 0, scoped: 0)
        // LANDLOCK_ACCESS_FS_REFER: moving between directories.
        if version >= 2 { rights.files |= 1 << 13 }
        // LANDLOCK_ACCESS_FS_TRUNCATE
        if version >= 3 { rights.files |= 1 << 14 }
        if version >= 4 { rights.network = bindTCP | connectTCP }
        // LANDLOCK_ACCESS_FS_IOCTL_DEV
        if version >= 5 { rights.files |= 1 << 15 }
        if version >= 6 { rights.scoped = abstractSockets | signals }
        return rights
    }

    /// Denies all that this kernel can deny (landlock_create_ruleset(2), landlock_add_rule(2),
    /// landlock_restrict_self(2)). What it can't, and where it has no Landlock at all, the supervisor has named in its log.
    static func restrict(connectingTo ports: Set<UInt16>) throws(SystemError) {
        let version = ocm_landlock_version()
        guard version > 0 else { return }
        let rights = rights(version: version)
        let ruleset = try FileDescriptor(
            "landlock_create_ruleset", ocm_landlock_create(rights.files, rights.network, rights.scoped))
        if rights.network != 0 {
            for port in ports {
                guard ocm_landlock_allow_port(ruleset.number, connectTCP, port) == 0 else {
                    throw SystemError("landlock_add_rule")
                }
            }
        }
        guard ocm_landlock_restrict(ruleset.number) == 0 else { throw SystemError("landlock_restrict_self") }
    }
}
