import Glibc
import OCMEventLoop

/// Who may use the admin socket. Its mode lets nobody else connect; this holds when the mode has been changed, too.
enum AdminAccess {
    /// - Parameters:
    ///   - group: the socket's.
    ///   - owner: the supervisor's own user.
    static func isPermitted(_ peer: PeerCredentials, group: UInt32, owner: UInt32 = geteuid()) -> Bool {
        peer.user == 0 || peer.user == owner || peer.isMember(of: group)
    }
}

/// Which refusals have been told of lately: of each user one a minute, so that nobody fills the log.
struct AdminRefusals {
    private var told: [UInt32: Instant] = [:]
    private static let interval = Duration.seconds(60)

    mutating func isNews(_ user: UInt32, at now: Instant) -> Bool {
        told = told.filter { now - $0.value < Self.interval }
        guard told[user] == nil else { return false }
        told[user] = now
        return true
    }
}
