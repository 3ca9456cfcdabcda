import Glibc
import OCMEventLoop

/// The supervisor's Unix socket for its operator: made, and removed at the end.
///
/// It is born with mode 0660, so that there is no moment at which more people may connect. What a supervisor that died
/// left there is replaced; one that lives is not.
@EventLoop final class AdminSocket {
    let path: String
    let listener: Listener
    private let identity: Identity

    /// What no other file has as long as this one is there.
    private struct Identity: Equatable {
        let device: dev_t
        let inode: ino_t
    }

    private static let mode: mode_t = 0o660
    private static let backlog: Int32 = 128

    /// - Parameter makesDirectory: whether a missing directory is made: where the path is OCM's own choice.
    static func open(_ path: String, makesDirectory: Bool) async throws(AdminSocketError) -> AdminSocket {
        let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        if makesDirectory { try make(directory, for: path) }
        // Held until the socket is there: of two that start at once, the second then finds the first.
        let turn = await turn(in: directory)
        defer { _ = turn }
        try await clear(path)
        return try AdminSocket(path)
    }

    private init(_ path: String) throws(AdminSocketError) {
        do throws(SystemError) {
            let descriptor = try withFileMode(Self.mode) { () throws(SystemError) in
                try Listener.bind(to: .unix(path: path), backlog: Self.backlog)
            }
            guard let identity = Self.status(path).map(Self.identity) else { throw SystemError("lstat") }
            self.path = path
            self.identity = identity
            listener = try Listener(adopting: descriptor)
        } catch {
            throw .system(path: path, error)
        }
    }

    /// Goes on with a socket that was handed over; nil where its name has got lost, and the socket with it.
    static func adopt(_ handedOver: Handover.AdminSocket) throws(AdminSocketError) -> AdminSocket? {
        let descriptor = FileDescriptor(owning: handedOver.descriptor)
        guard let status = status(handedOver.path), handedOver.isFile(status) else { return nil }
        return try AdminSocket(descriptor, at: handedOver.path, identity(status))
    }

    private init(
        _ descriptor: consuming FileDescriptor, at path: String, _ identity: Identity
    ) throws(AdminSocketError) {
        self.path = path
        self.identity = identity
        do throws(SystemError) { listener = try Listener(adopting: descriptor) } catch {
            throw .system(path: path, error)
        }
    }

    /// What the next program goes on with; the descriptor is the caller's.
    func handedOver() throws(SystemError) -> Handover.AdminSocket? {
        guard let number = try listener.duplicate()?.release() else { return nil }
        return Handover.AdminSocket(
            path: path, device: UInt64(identity.device), inode: UInt64(identity.inode), descriptor: number)
    }

    /// The group whose members may ask, as of now: the owner may have given the socket to another.
    var group: UInt32 {
        Self.status(path).flatMap { Self.identity($0) == identity ? $0.st_gid : nil } ?? getegid()
    }

    /// Removes the socket if it is still this one. It answers until it is gone: nobody takes it for a dead one meanwhile.
    func close() {
        guard listener.isOpen else { return }
        if Self.status(path).map(Self.identity) == identity { unsafe unlink(path) }
        listener.close()
    }
}

/// The place for it.
extension AdminSocket {
    /// The directory and those above it, open to look into: who may connect is the socket's to say.
    private static func make(_ directory: String, for path: String) throws(AdminSocketError) {
        var made = ""
        for name in directory.split(separator: "/") {
            made += "/\(name)"
            guard unsafe access(made, F_OK) != 0 else { continue }
            let result = withFileMode(0o755) { unsafe mkdir(made, 0o777) }
            guard result == 0 || errno == EEXIST else { throw .directory(path: path, SystemError("mkdir")) }
        }
    }

    /// An advisory lock on the directory (flock(2)), which leaves nothing behind. Anyone who may read the directory could
    /// hold it for ever; so it is waited for a second, not longer.
    private static func turn(in directory: String) async -> FileDescriptor? {
        let opened = try? FileDescriptor("open", unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        guard let opened else { return nil }
        let deadline = EventLoop.now + .seconds(1)
        while flock(opened.number, LOCK_EX | LOCK_NB) != 0, EventLoop.now < deadline {
            try? await EventLoop.sleep(for: .milliseconds(10))
        }
        return opened
    }

    /// Removes a socket on which nobody answers any more.
    private static func clear(_ path: String) async throws(AdminSocketError) {
        guard let status = status(path) else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .occupied(path: path) }
        switch await answer(on: path) {
        case .success(let process): throw .inUse(path: path, process: process)
        case .failure(let error) where error.code == EAGAIN: throw .inUse(path: path, process: nil)
        case .failure(let error) where error.code != ECONNREFUSED && error.code != ENOENT:
            throw .system(path: path, error)
        case .failure:
            guard unsafe unlink(path) == 0 || errno == ENOENT else { throw .system(path: path, SystemError("unlink")) }
        }
    }

    /// The process that listens on a socket, or why there is none that does.
    private static func answer(on path: String) async -> Result<Int32?, SystemError> {
        do throws(SystemError) {
            let socket = try await StreamSocket.connect(
                to: .unix(path: path), until: EventLoop.now + .seconds(1), wakeup: Wakeup())
            defer { socket.close() }
            return .success(try? socket.peerCredentials().process)
        } catch {
            return .failure(error)
        }
    }

    /// Of the file itself, not of what a symbolic link points to (lstat(2)).
    private static func status(_ path: String) -> stat? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status : nil
    }

    private static func identity(_ status: stat) -> Identity {
        Identity(device: status.st_dev, inode: status.st_ino)
    }
}

/// Whatever `body` makes has at most this mode (umask(2)). The process has one thread: nothing else is made meanwhile.
private func withFileMode<Result: ~Copyable, Failure: Error>(
    _ mode: mode_t, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let previous = umask(~mode & 0o777)
    defer { umask(previous) }
    return try body()
}
