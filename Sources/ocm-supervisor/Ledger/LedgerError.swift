internal import Glibc

/// What keeps the ledger from its files.
enum LedgerError: Error, Equatable, CustomStringConvertible {
    /// Another process keeps a ledger at this path.
    case inUse(path: String, holder: Int32?)
    /// A system call on one of the files failed.
    case system(call: String, path: String, errno: Int32)
    /// The journal was written by a newer version, which has to read it.
    case newerJournal(path: String, version: UInt16)

    var description: String {
        switch self {
        case .inUse(let path, let holder):
            "the usage file \(path) is kept by another supervisor"
                + (holder.map { " (process \($0))" } ?? "") + "; give this one a usages_path of its own"
        case .system(let call, let path, let errno):
            "\(path): \(call): \(unsafe String(cString: strerror(errno)))"
        case .newerJournal(let path, let version):
            "\(path) has version \(version), which only a newer OCM can read; start that one once to settle it"
        }
    }
}
