internal import Glibc
internal import OCMEventLoop

/// The advisory lock beside auth.json (flock(2)) under which refresh tokens are exchanged and files are rewritten.
///
/// It belongs to the open file: a child that inherits the descriptor holds the lock as well, so that an exchange under
/// way keeps it when the supervisor dies. The file stays; removing it would let two processes lock two files.
struct CredentialLock: ~Copyable {
    let descriptor: FileDescriptor

    enum Attempt: ~Copyable {
        case taken(CredentialLock)
        /// Another process has it.
        case busy
        /// There can be none here: the directory is read-only, say. The lock is advisory, so things go on without.
        case impossible
    }

    static func attempt(for target: String) -> Attempt {
        let path = CredentialFile.sibling(of: target, "lock")
        let number = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else { return .impossible }
        let descriptor = FileDescriptor(owning: number)
        // The owner of the login, or of the directory that will hold it.
        descriptor.giveToOwner(of: target, CredentialFile.directory(of: target))
        if flock(number, LOCK_EX | LOCK_NB) == 0 { return .taken(CredentialLock(descriptor: descriptor)) }
        return errno == EWOULDBLOCK ? .busy : .impossible
    }
}
