import FoundationEssentials
import Glibc
import OCMEventLoop
import OCMTLS

/// Where the workers can be found by the next supervisor, should this one be killed.
///
/// A directory for each path of a configuration file, below the state directory, its user's alone, and locked by the supervisor that
/// uses it. In it stands a Unix socket for each worker, named by the worker's identity: bound here, handed to the worker
/// as a descriptor, which listens on it, and accepts when it has lost its supervisor. So a worker needs no path and no
/// right to a file, and whoever it is reached through is known to have been able to reach this directory.
@EventLoop final class RendezvousDirectory {
    let path: String
    /// Holds the lock (flock(2)).
    private let directory: FileDescriptor

    /// Why workers will not be found again.
    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// A worker that has lost its supervisor.
    struct Orphan: ~Copyable {
        let process: Int32
        let channel: FileDescriptor
    }

    /// - Parameter inheritance: where the directory may be, open and locked already.
    init(state: String, configuration: String, from inheritance: Inheritance?) throws(Unusable) {
        path = Self.path(state: state, configuration: configuration)
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Unusable(description: "\(path) can't be made: \(SystemError("mkdir").reason)")
        }
        do throws(SystemError) {
            let opened = try FileDescriptor("open", unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))
            if let inherited = inheritance?.takeRendezvous(sameAs: opened) {
                directory = inherited
            } else {
                directory = opened
            }
        } catch {
            throw Unusable(description: "\(path): \(error)")
        }
        var status = stat()
        guard unsafe fstat(directory.number, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o077 == 0
        else {
            throw Unusable(description: "\(path) is not this user's alone: remove it, or give it mode 0700")
        }
        guard flock(directory.number, LOCK_EX | LOCK_NB) == 0 else {
            throw Unusable(description: "another supervisor runs with this configuration file and state directory")
        }
    }

    private static func path(state: String, configuration: String) -> String {
        // A link may lead to another file with each version of the configuration.
        "\(state)/workers-\(SHA256Digest(of: configuration.utf8Span.span).hexadecimal.prefix(16))"
    }

    /// Whether an open directory is the one that is found by these paths now.
    static func isAt(_ directory: Int32, state: String, configuration: String) -> Bool {
        var (open, found) = (Glibc.stat(), Glibc.stat())
        guard unsafe fstat(directory, &open) == 0,
            unsafe stat(path(state: state, configuration: configuration), &found) == 0
        else { return false }
        return (open.st_dev, open.st_ino) == (found.st_dev, found.st_ino)
    }

    /// Another descriptor of the same lock, the caller's.
    func handedOver() throws(SystemError) -> Int32 {
        try directory.duplicate().release()
    }

    /// Whether sockets can be made in an open directory now.
    static func tryOut(_ directory: Int32) throws(SystemError) {
        let worker = WorkerIdentity(value: UInt128.random(in: 1...UInt128.max))
        _ = try PacketSocket.bind(to: "/proc/self/fd/\(directory)/\(worker.name)")
        unsafe unlinkat(directory, worker.name, 0)
    }

    /// The socket for a new worker, bound and not listening.
    func makeSocket(for worker: WorkerIdentity) throws(SystemError) -> FileDescriptor {
        try PacketSocket.bind(to: reachable(worker.name))
    }

    func remove(_ worker: WorkerIdentity) {
        unsafe unlinkat(directory.number, worker.name, 0)
    }

    /// Identities of the workers that have not been removed.
    private var known: [WorkerIdentity] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: reachable("."))) ?? []
        return names.compactMap { WorkerIdentity(name: $0) }
    }

    /// Connects to the workers of an earlier supervisor; what is left of those that have ended is removed.
    func orphans(_ body: (WorkerIdentity, consuming Result<Orphan, SystemError>) -> Void) {
        for identity in known {
            do throws(SystemError) {
                let channel = try PacketSocket.connect(to: reachable(identity.name))
                let process = try PeerCredentials(of: channel).process
                body(identity, .success(Orphan(process: process, channel: channel)))
            } catch {
                // Nobody listens any more. Any other failure is ours, and the worker is there.
                if error.code == ECONNREFUSED { remove(identity) } else { body(identity, .failure(error)) }
            }
        }
    }

    /// By way of the open directory: a socket's path has room for 107 bytes only (unix(7)).
    private func reachable(_ name: String) -> String {
        "/proc/self/fd/\(directory.number)/\(name)"
    }
}

extension WorkerIdentity {
    /// 32 hexadecimal digits.
    var name: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }

    init?(name: String) {
        guard name.utf8.count == 32, let value = UInt128(name, radix: 16) else { return nil }
        self.init(value: value)
    }
}
