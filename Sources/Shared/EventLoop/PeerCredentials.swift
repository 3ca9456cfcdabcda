internal import CShims
internal import Glibc

/// Who is at the other end of a Unix socket (SO_PEERCRED, unix(7)): the process that connected, that listens, or that made
/// the pair, as it was then.
package struct PeerCredentials: Equatable, Sendable {
    package let process: Int32
    package let user: UInt32
    package let group: UInt32

    package init(of descriptor: borrowing FileDescriptor) throws(SystemError) {
        var (process, user, group): (pid_t, uid_t, gid_t) = (0, 0, 0)
        guard unsafe ocm_peer_credentials(descriptor.number, &process, &user, &group) == 0 else {
            throw SystemError("getsockopt")
        }
        (self.process, self.user, self.group) = (process, user, group)
    }
}
