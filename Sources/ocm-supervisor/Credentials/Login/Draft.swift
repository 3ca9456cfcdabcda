internal import CShims
internal import Glibc
internal import OCMEventLoop

/// A file that is to become auth.json: beside it, for the owner of the directory alone. Gone at its end, unless it has
/// been moved to its place.
struct Draft: ~Copyable {
    private let path: String
    private let descriptor: FileDescriptor
    private var isInPlace = false

    init(for target: String) throws(SystemError) {
        path = CredentialFile.sibling(of: target, "new-" + CredentialFile.uniqueSuffix())
        descriptor = try FileDescriptor(
            "open", unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600))
        descriptor.giveToOwner(of: CredentialFile.directory(of: target))
    }

    deinit {
        if !isInPlace { unsafe unlink(path) }
    }

    /// Has the file system promise room for so many bytes.
    func reserve(_ count: Int) throws(SystemError) {
        guard ocm_reserve(descriptor.number, count) == 0 else { throw SystemError("fallocate") }
    }

    func write(_ text: Secret) throws(SystemError) {
        try CredentialFile.write(text, to: descriptor.number)
        guard fsync(descriptor.number) == 0 else { throw SystemError("fsync") }
    }

    mutating func move(to target: String) throws(SystemError) {
        guard unsafe rename(path, target) == 0 else { throw SystemError("rename") }
        isInPlace = true
    }
}
