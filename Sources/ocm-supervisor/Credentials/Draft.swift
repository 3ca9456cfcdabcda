internal import CShims
internal import Glibc
internal import OCMEventLoop

/// A file that is to become auth.json: beside it, and private. Gone at its end, unless it has been moved to its place.
struct Draft: ~Copyable {
    /// What the names begin with, after what all of OCM's own files have in common.
    static let beginning = "new-"

    private let path: String
    private let descriptor: FileDescriptor
    private var isInPlace = false

    private init(beside target: String) throws(SystemError) {
        path = CredentialFile.sibling(of: target, Self.beginning + CredentialFile.uniqueSuffix())
        descriptor = try FileDescriptor(
            "open", unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600))
    }

    /// For where there is no file yet: the directory's owner's, and theirs alone.
    init(for target: String) throws(SystemError) {
        try self.init(beside: target)
        descriptor.giveToOwner(of: CredentialFile.directory(of: target))
    }

    /// For the place of `old`, with its mode and owner.
    static func replacing(
        _ old: borrowing CredentialFile.Opened, at target: String
    ) throws(SystemError) -> Draft {
        let draft = try Draft(beside: target)
        let number = draft.descriptor.number
        var born = stat()
        guard unsafe fstat(number, &born) == 0 else { throw SystemError("fstat") }
        // An owner may give a file to groups of his own only. To nobody's loss, where the group has no rights to it.
        if (born.st_uid, born.st_gid) != (old.owner, old.group), fchown(number, old.owner, old.group) != 0,
            old.owner != geteuid() || old.mode & 0o070 != 0
        {
            throw SystemError("fchown")
        }
        guard fchmod(number, old.mode) == 0 else { throw SystemError("fchmod") }
        return draft
    }

    deinit {
        if !isInPlace { unsafe unlink(path) }
    }

    /// Has the file system promise room for so many bytes.
    func reserve(_ count: Int) throws(SystemError) {
        guard ocm_reserve(descriptor.number, count) == 0 else { throw SystemError("fallocate") }
    }

    /// All that there will be in it, safe on disk.
    func write(_ text: Secret) throws(SystemError) {
        try text.withBytes { bytes throws(SystemError) in try descriptor.writeAll(bytes) }
        guard fsync(descriptor.number) == 0 else { throw SystemError("fsync") }
    }

    /// Puts it in the place of what is there.
    mutating func replace(_ target: String) throws(SystemError) {
        guard unsafe rename(path, target) == 0 else { throw SystemError("rename") }
        isInPlace = true
    }

    /// Puts it where there must be nothing yet. False where there is something by now.
    mutating func take(_ target: String) throws(SystemError) -> Bool {
        guard unsafe ocm_rename_new(path, target) == 0 else {
            if errno == EEXIST { return false }
            throw SystemError("rename")
        }
        isInPlace = true
        return true
    }
}
