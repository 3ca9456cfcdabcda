internal import Glibc
internal import OCMEventLoop

/// A ledger's files in a directory.
final class DirectoryStorage: LedgerStorage {
    /// As it was configured, until the lock is taken; then where symbolic links lead.
    private var base: String
    private let configured: String
    private var descriptors: [LedgerFile: Int32] = [:]

    init(path: String) {
        configured = path
        base = path
    }

    deinit {
        for descriptor in descriptors.values { Glibc.close(descriptor) }
    }

    /// The file that a configured path means, with symbolic links followed: two paths that mean the same file are one
    /// ledger's. Where there is no such file yet it is the one that will be made.
    static func resolve(_ path: String) -> String { LinkTarget.of(path) }

    func path(of file: LedgerFile) -> String {
        base + file.suffix
    }

    func lock() throws(LedgerError) {
        if descriptors[.lock] == nil { base = Self.resolve(configured) } else if isInPlace(.lock) { return }
        let descriptor = try open(.lock, O_RDWR | O_CREAT)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error = errno
            let holder = Self.contents(of: descriptor).flatMap { Int32(String(decoding: $0, as: UTF8.self)) }
            Glibc.close(descriptor)
            if error == EWOULDBLOCK { throw .inUse(path: path(of: .usages), holder: holder) }
            throw failure("flock", .lock, error)
        }
        forget(.lock)
        descriptors[.lock] = descriptor
        // For the other's message alone; the lock holds without it.
        if ftruncate(descriptor, 0) == 0 {
            try? writeAll(Array("\(getpid())".utf8), to: descriptor, of: .lock, at: 0)
        }
    }

    func read(_ file: LedgerFile) throws(LedgerError) -> [UInt8]? {
        let descriptor: Int32
        do throws(LedgerError) {
            descriptor = try open(file, O_RDONLY | O_NONBLOCK)
        } catch {
            if case .system(_, _, ENOENT) = error { return nil }
            throw error
        }
        defer { Glibc.close(descriptor) }
        guard let bytes = Self.contents(of: descriptor) else { throw failure("read", file, errno) }
        return bytes
    }

    func exists(_ file: LedgerFile) -> Bool {
        unsafe access(path(of: file), F_OK) == 0
    }

    func isInPlace(_ file: LedgerFile) -> Bool {
        var named = stat()
        guard unsafe lstat(path(of: file), &named) == 0 else { return false }
        guard let descriptor = descriptors[file] else { return true }
        var opened = stat()
        return unsafe fstat(descriptor, &opened) == 0 && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino
    }

    func state(of file: LedgerFile) -> FileState? {
        var status = stat()
        guard unsafe lstat(path(of: file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return FileState(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: [Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec)])
    }

    func create(_ file: LedgerFile) throws(LedgerError) {
        forget(file)
        let descriptor = try open(file, O_RDWR | O_CREAT | O_TRUNC)
        descriptors[file] = descriptor
        // The file may be an older one, with another mode.
        if fchmod(descriptor, 0o600) != 0 { throw failure("fchmod", file, errno) }
    }

    func write(_ bytes: [UInt8], to file: LedgerFile, at offset: Int) throws(LedgerError) {
        try writeAll(bytes, to: descriptor(of: file), of: file, at: offset)
    }

    func truncate(_ file: LedgerFile, to length: Int) throws(LedgerError) {
        if try ftruncate(descriptor(of: file), length) != 0 { throw failure("ftruncate", file, errno) }
    }

    func synchronize(_ file: LedgerFile) async throws(LedgerError) {
        try await synchronize(descriptor(of: file), path(of: file))
    }

    func rename(_ file: LedgerFile, to other: LedgerFile) throws(LedgerError) {
        if unsafe Glibc.rename(path(of: file), path(of: other)) != 0 { throw failure("rename", other, errno) }
        forget(other)
        descriptors[other] = descriptors.removeValue(forKey: file)
    }

    func remove(_ file: LedgerFile) {
        forget(file)
        unsafe unlink(path(of: file))
    }

    func synchronizeDirectory() async throws(LedgerError) {
        let slash = base.lastIndex(of: "/")
        let directory = slash.map { $0 == base.startIndex ? "/" : String(base[..<$0]) } ?? "."
        let descriptor = unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(call: "open", path: directory, errno: errno) }
        defer { Glibc.close(descriptor) }
        try await synchronize(descriptor, directory)
    }

    private func synchronize(_ descriptor: Int32, _ path: String) async throws(LedgerError) {
        do throws(SystemError) {
            try await FileSynchronization.shared.synchronize(descriptor)
        } catch {
            throw .system(call: "fsync", path: path, errno: error.code)
        }
    }

    func close() {
        for file in Array(descriptors.keys) { forget(file) }
    }

    private func forget(_ file: LedgerFile) {
        if let descriptor = descriptors.removeValue(forKey: file) { Glibc.close(descriptor) }
    }

    private func descriptor(of file: LedgerFile) throws(LedgerError) -> Int32 {
        if let open = descriptors[file] { return open }
        let descriptor = try open(file, O_RDWR)
        descriptors[file] = descriptor
        return descriptor
    }

    /// The usage file's own name is resolved; any other link was put there by someone else.
    private func open(_ file: LedgerFile, _ flags: Int32) throws(LedgerError) -> Int32 {
        let descriptor = unsafe Glibc.open(path(of: file), flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("open", file, errno) }
        return descriptor
    }

    private func writeAll(
        _ bytes: [UInt8], to descriptor: Int32, of file: LedgerFile, at offset: Int
    ) throws(LedgerError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
                return unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            }
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                throw failure("write", file, count == 0 ? ENOSPC : errno)
            }
        }
    }

    /// The whole of a regular file from its beginning, nil with errno set where it can't be read.
    private static func contents(of descriptor: Int32) -> [UInt8]? {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG else {
            errno = EINVAL
            return nil
        }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: max(4096, Int(status.st_size) + 1))
        while true {
            let count = unsafe pread(descriptor, &piece, piece.count, off_t(bytes.count))
            if count > 0 {
                bytes += piece[..<count]
            } else if count == 0 {
                return bytes
            } else if errno != EINTR {
                return nil
            }
        }
    }

    private func failure(_ call: String, _ file: LedgerFile, _ error: Int32) -> LedgerError {
        .system(call: call, path: path(of: file), errno: error)
    }
}
