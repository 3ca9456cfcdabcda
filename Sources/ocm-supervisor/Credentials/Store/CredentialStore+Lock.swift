internal import Glibc
internal import OCMEventLoop
internal import OCMTLS

/// What is done under the lock: whatever lies beside the file may be another process's at work.
extension CredentialStore {
    /// Takes the lock unless it is held already. False where another process has it; true without it where there can be
    /// none.
    func hasLock(for target: String) -> Bool {
        if lock != nil { return true }
        switch CredentialLock.attempt(for: target) {
        case .taken(let taken):
            lock = consume taken
            return true
        case .busy: return false
        case .impossible: return true
        }
    }

    /// Something lies there that a process which was ended in the middle of its work has left, or one at work.
    var hasRemains: Bool {
        (try? remains(of: file.target))?.isEmpty == false
    }

    /// Removes what has been overtaken: copies of what came of `spent`, those that hold nothing, and texts that were not
    /// brought to their place. Where that is not possible now, it is found at the next refresh.
    func discardRemains(of spent: Set<SHA256Digest>) {
        let target = file.target
        let wasLocked = lock != nil
        // The copy of an exchange under way is among them.
        guard asking == nil, hasLock(for: target) else { return }
        defer { if !wasLocked { lock = nil } }
        for path in (try? CredentialFile.unfinished(for: target)) ?? [] { unsafe unlink(path) }
        for path in (try? RecoveryCopy.paths(for: target)) ?? [] {
            switch RecoveryCopy.read(path) {
            case .nothing: unsafe unlink(path)
            case .answer(let digest, _, _): if spent.contains(digest) { unsafe unlink(path) }
            case .unreadable: break
            }
        }
    }

    private func remains(of target: String) throws(SystemError) -> [String] {
        try RecoveryCopy.paths(for: target) + CredentialFile.unfinished(for: target)
    }
}
