import Glibc

/// Who workers run as: no process that reads a client's bytes runs as root.
enum WorkerAccount {
    struct Missing: Error {
        let name: String
    }

    /// The user and group to become; nil where the supervisor may change neither, and its workers stay what it is.
    ///
    /// - Parameter configured: `supervisor.worker_user`; else `ocm-worker`, else `nobody`.
    static func identity(_ configured: String?) throws(Missing) -> (user: UInt32, group: UInt32)? {
        guard geteuid() == 0 || Privileges.has(.setUser, .setGroup) else { return nil }
        let candidates = configured.map { [$0] } ?? ["ocm-worker", "nobody"]
        for name in candidates {
            if let entry = unsafe getpwnam(name), unsafe entry.pointee.pw_uid != 0 {
                return unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
            }
        }
        throw Missing(name: candidates[0])
    }
}
