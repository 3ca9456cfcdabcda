internal import Glibc
internal import OCMEventLoop

/// auth.json as a file: where it really is, and what is in it.
struct CredentialFile: Sendable {
    /// Absolute, as configured; it may be a symbolic link.
    let path: String

    /// What a file is told by from its earlier self, without reading it.
    struct Signature: Equatable, Sendable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let modified: Timestamp
    }

    /// An open file as it was when it was read. It stays open: whoever had it open for writing when it was replaced
    /// still writes into this one.
    struct Opened: ~Copyable {
        let descriptor: FileDescriptor
        let signature: Signature
        /// Permission bits.
        let mode: mode_t
        let owner: uid_t
        let group: gid_t
        let reading: FileReading
    }

    /// What stands behind all symbolic links, or what the last of them names where that is not there.
    var target: String { LinkTarget.of(path) }

    func read() -> FileReading {
        switch open() {
        case .success(let opened): opened.reading
        case .failure(let reading): reading
        }
    }

    /// Present when there is a file at all.
    var signature: Signature? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Signature(status) : nil
    }

    enum Opening: ~Copyable {
        case success(Opened)
        case failure(FileReading)
    }

    func open() -> Opening {
        // To open a device may set it in motion.
        var before = stat()
        if unsafe stat(path, &before) == 0, let problem = Self.problem(before) { return .failure(.unreadable(problem)) }
        do throws(SystemError) {
            // Without O_NONBLOCK, a FIFO in the file's place would hold the supervisor up.
            let descriptor = try FileDescriptor(
                "open", unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY))
            var status = stat()
            guard unsafe fstat(descriptor.number, &status) == 0 else { throw SystemError("fstat") }
            let reading = try Self.read(descriptor.number, status)
            return .success(
                Opened(
                    descriptor: descriptor, signature: Signature(status), mode: status.st_mode & 0o7777,
                    owner: status.st_uid, group: status.st_gid, reading: reading))
        } catch {
            let isMissing = error.code == ENOENT || error.code == ENOTDIR
            return .failure(isMissing ? .missing : .unreadable("\(error)"))
        }
    }

    private static func problem(_ status: stat) -> String? {
        switch status.st_mode & S_IFMT {
        case S_IFREG: nil
        case S_IFDIR: "it is a directory"
        default: "it is not a regular file"
        }
    }

    private static func read(_ number: Int32, _ status: stat) throws(SystemError) -> FileReading {
        if let problem = problem(status) { return .unreadable(problem) }
        guard status.st_size <= AuthFile.maximumSize else {
            return .unreadable("it has \(status.st_size) bytes, a login has at most \(AuthFile.maximumSize)")
        }
        return parse(try contents(of: number, atMost: AuthFile.maximumSize + 1))
    }

    static func parse(_ text: Secret) -> FileReading {
        guard text.count <= AuthFile.maximumSize else { return .unreadable("it grows while it is read") }
        do throws(AuthFile.Fault) {
            return .file(try AuthFile(text))
        } catch {
            return .damaged(error)
        }
    }

    /// From the beginning to the end, at most `limit` bytes, in one allocation that will be zeroed.
    static func contents(of number: Int32, atMost limit: Int) throws(SystemError) -> Secret {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw SystemError("fstat") }
        // Room for a file that grows by a block meanwhile; if it grows more, the cut shows as damage and is read again.
        let room = min(limit, Int(status.st_size) + 4096)
        return try Secret(capacity: room) { output throws(SystemError) in
            try unsafe output.withUnsafeMutableBufferPointer { buffer, count throws(SystemError) in
                while count < room {
                    let rest = unsafe UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[count..<room])
                    let got = unsafe pread(number, rest.baseAddress, rest.count, off_t(count))
                    if got == 0 { return }
                    if got > 0 { count += got } else if errno != EINTR { throw SystemError("read") }
                }
            }
        }
    }
}

extension CredentialFile.Signature {
    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = Timestamp(seconds: Int64(status.st_mtim.tv_sec)) + .nanoseconds(Int64(status.st_mtim.tv_nsec))
    }
}

/// The files that OCM keeps beside auth.json, all under one beginning.
extension CredentialFile {
    /// Directory of the target, with a slash at its end.
    static func directory(of target: String) -> String {
        guard let slash = target.lastIndex(of: "/") else { return "./" }
        return String(target[...slash])
    }

    static func name(of target: String) -> String {
        String(target[(target.lastIndex(of: "/").map { target.index(after: $0) } ?? target.startIndex)...])
    }

    /// `.auth.json.ocm-`: of all names of our own, so that changes to them are told from changes to the login.
    static func prefix(for target: String) -> String {
        ".\(name(of: target)).ocm-"
    }

    static func sibling(of target: String, _ suffix: String) -> String {
        directory(of: target) + prefix(for: target) + suffix
    }

    /// Paths of the files of ours beside `target` that go on with `beginning`, in no order. Where there is no directory
    /// there is none; that it can't be read is another matter.
    static func siblings(of target: String, beginning: String) throws(SystemError) -> [String] {
        let directory = directory(of: target)
        let prefix = prefix(for: target) + beginning
        guard let stream = unsafe opendir(directory) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw SystemError("opendir")
        }
        defer { unsafe closedir(stream) }
        var paths: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
            }
            if name.hasPrefix(prefix) { paths.append(directory + name) }
        }
        return paths
    }

    static func uniqueSuffix() -> String {
        let number = UInt64.random(in: .min ... .max)
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
