internal import Glibc
internal import OCMEventLoop

/// What root makes for a user's login is that user's: an OCM or a Codex CLI that runs as the user is to find it, and to
/// be able to use it.
///
/// The user may have put something else in its place meanwhile, a link to a file of root's above all. So it is always the
/// open file that is given away, never a name, and only one that can't be anything but new.
extension FileDescriptor {
    /// Gives the open file, or directory, to the owner of the first of `paths` that there is. Does nothing unless this
    /// process is root's and the file is its own, empty, and under one name only.
    borrowing func giveToOwner(of paths: String...) {
        var model = stat()
        guard geteuid() == 0, paths.contains(where: { unsafe lstat($0, &model) == 0 }) else { return }
        give(to: model)
    }

    /// As `giveToOwner(of:)`, of what is open already.
    borrowing func giveToOwner(of open: borrowing FileDescriptor) {
        var model = stat()
        guard geteuid() == 0, unsafe fstat(open.number, &model) == 0 else { return }
        give(to: model)
    }

    private borrowing func give(to model: stat) {
        guard model.st_uid != 0, isNew else { return }
        _ = fchown(number, model.st_uid, model.st_gid)
    }

    private var isNew: Bool {
        var status = stat()
        guard unsafe fstat(number, &status) == 0, status.st_uid == 0 else { return false }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: status.st_nlink == 1 && status.st_size == 0
        case S_IFDIR: isEmptyDirectory
        default: false
        }
    }

    private var isEmptyDirectory: Bool {
        let another = unsafe openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard another >= 0 else { return false }
        guard let stream = unsafe fdopendir(another) else {
            close(another)
            return false
        }
        defer { unsafe closedir(stream) }
        var entries = 0
        while unsafe readdir(stream) != nil { entries += 1 }
        // "." and ".."
        return entries == 2
    }
}
