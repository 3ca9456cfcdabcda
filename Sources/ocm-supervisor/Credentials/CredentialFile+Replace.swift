internal import CShims
internal import Glibc
internal import OCMEventLoop

/// The write-back: a new file in the old one's place, and never a moment without a whole one.
extension CredentialFile {
    /// Puts `text` in the place of `old`, mode and owner kept. False where the file is another one by then.
    ///
    /// Between the last look at the old file and the rename lie some microseconds. Whoever had the old file open for
    /// writing then writes into a file without a name; `old` is still open, and a later look at it finds that.
    static func replace(
        _ target: String, _ old: borrowing Opened, with text: Secret, as user: uid_t = geteuid()
    ) throws(SaveProblem) -> Bool {
        guard old.owner == user || user == 0 else { throw .foreignOwner(old.owner) }
        let temporary = sibling(of: target, beginning + uniqueSuffix())
        do throws(SystemError) {
            try create(temporary, like: old, with: text)
            guard CredentialFile(path: target).signature == old.signature else {
                unsafe unlink(temporary)
                return false
            }
            try move(temporary, to: target, text)
            try synchronise(directory: directory(of: target))
            return true
        } catch {
            unsafe unlink(temporary)
            throw SaveProblem(error)
        }
    }

    private static let beginning = "new-"

    /// Texts that did not come to their place: a process was ended while it wrote.
    static func unfinished(for target: String) throws(SystemError) -> [String] {
        try siblings(of: target, beginning: beginning)
    }

    private static func create(
        _ path: String, like old: borrowing Opened, with text: Secret
    ) throws(SystemError) {
        let descriptor = try FileDescriptor(
            "open", unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600))
        let number = descriptor.number
        // An owner may give a file to groups of his own only. To nobody's loss, where the group has no rights to it.
        if fchown(number, old.owner, old.group) != 0, old.owner != geteuid() || old.mode & 0o070 != 0 {
            throw SystemError("fchown")
        }
        guard fchmod(number, old.mode) == 0 else { throw SystemError("fchmod") }
        try write(text, to: number)
        guard fsync(number) == 0 else { throw SystemError("fsync") }
    }

    /// A file that is mounted by itself, as containers like to, can't be renamed over: it is written in its place, in
    /// one call, padded with white space to the old length. Between any two calls a whole text stands there.
    private static func move(_ temporary: String, to target: String, _ text: Secret) throws(SystemError) {
        if unsafe rename(temporary, target) == 0 { return }
        guard errno == EBUSY else { throw SystemError("rename") }
        let descriptor = try FileDescriptor("open", unsafe Glibc.open(target, O_WRONLY | O_CLOEXEC | O_NOFOLLOW))
        guard ocm_reserve(descriptor.number, text.count) == 0 else { throw SystemError("fallocate") }
        try write(text.padded(to: length(of: descriptor.number)), to: descriptor.number)
        guard ftruncate(descriptor.number, off_t(text.count)) == 0 else { throw SystemError("ftruncate") }
        guard fsync(descriptor.number) == 0 else { throw SystemError("fsync") }
        unsafe unlink(temporary)
    }

    private static func length(of number: Int32) -> Int {
        var status = stat()
        return unsafe fstat(number, &status) == 0 ? min(Int(status.st_size), AuthFile.maximumSize) : 0
    }

    /// All of it, from the file's beginning.
    static func write(_ text: Secret, to number: Int32) throws(SystemError) {
        try text.withBytes { bytes throws(SystemError) in
            var position = 0
            while position < bytes.count {
                let rest = bytes.extracting(droppingFirst: position)
                let count = unsafe rest.withUnsafeBytes { rest in
                    unsafe pwrite(number, rest.baseAddress, rest.count, off_t(position))
                }
                if count >= 0 { position += count } else if errno != EINTR { throw SystemError("write") }
            }
        }
    }

    static func synchronise(directory: String) throws(SystemError) {
        let descriptor = try FileDescriptor(
            "open", unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        guard fsync(descriptor.number) == 0 else { throw SystemError("fsync") }
    }
}

extension Secret {
    /// With spaces behind it, which mean nothing in JSON.
    fileprivate func padded(to length: Int) -> Secret {
        if length <= count { return self }
        return Secret(capacity: length) { output in
            withBytes { bytes in
                for index in bytes.indices { output.append(bytes[index]) }
            }
            while output.count < length { output.append(UInt8(ascii: " ")) }
        }
    }
}

extension SaveProblem {
    init(_ error: SystemError) {
        self = .system(call: "\(error.call)", text: error.reason)
    }
}
