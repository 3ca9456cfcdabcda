internal import CShims
internal import Glibc

/// Who is at the other end of a Unix socket (SO_PEERCRED, SO_PEERGROUPS, unix(7)): the process that connected, that
/// listens, or that made the pair, as it was then.
package struct PeerCredentials: Equatable, Sendable {
    /// 0 where the process is in a namespace that is not visible here.
    package let process: Int32
    package let user: UInt32
    package let group: UInt32
    package let supplementaryGroups: [UInt32]

    package init(process: Int32, user: UInt32, group: UInt32, supplementaryGroups: [UInt32] = []) {
        self.process = process
        self.user = user
        self.group = group
        self.supplementaryGroups = supplementaryGroups
    }

    package init(of descriptor: borrowing FileDescriptor) throws(SystemError) {
        try self.init(of: descriptor.number)
    }

    init(of number: Int32) throws(SystemError) {
        var (process, user, group): (pid_t, uid_t, gid_t) = (0, 0, 0)
        guard unsafe ocm_peer_credentials(number, &process, &user, &group) == 0 else {
            throw SystemError("getsockopt")
        }
        self.init(
            process: process, user: user, group: group, supplementaryGroups: try Self.supplementaryGroups(number))
    }

    private static func supplementaryGroups(_ number: Int32) throws(SystemError) -> [UInt32] {
        var groups = [gid_t](repeating: 0, count: 64)
        while true {
            let count = unsafe ocm_peer_groups(number, &groups, groups.count)
            guard count >= 0 else { throw SystemError("getsockopt") }
            if count <= groups.count { return Array(groups.prefix(count)) }
            groups = [gid_t](repeating: 0, count: count)
        }
    }

    package func isMember(of group: UInt32) -> Bool {
        self.group == group || supplementaryGroups.contains(group)
    }
}

extension StreamSocket {
    package func peerCredentials() throws(SystemError) -> PeerCredentials {
        try PeerCredentials(of: number)
    }
}
