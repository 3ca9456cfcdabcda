import OCMEventLoop

/// Why there is no admin socket.
enum AdminSocketError: Error {
    /// Its directory is missing and can't be made.
    case directory(path: String, SystemError)
    /// Someone answers on it: which process, where the kernel says so.
    case inUse(path: String, process: Int32?)
    /// What has its name is no socket, and is left alone.
    case occupied(path: String)
    /// The socket can't be made, or what an earlier supervisor left can't be removed.
    case system(path: String, SystemError)

    /// The place is taken by someone who is alive: then going on without a socket would hide a mistake.
    var isConflict: Bool {
        if case .inUse = self { true } else { false }
    }
}

extension AdminSocketError: CustomStringConvertible {
    var description: String {
        switch self {
        case .directory(let path, let error):
            "the directory of \(path) can't be made (\(error.reason)): create it, or set supervisor.admin_socket"
        case .inUse(let path, let process):
            "another supervisor\(Self.name(process)) has \(path): end that one, or set supervisor.admin_socket to another path"
        case .occupied(let path):
            "\(path) is there and is no socket: remove it, or set supervisor.admin_socket to another path"
        case .system(let path, let error):
            "\(path) can't be made (\(error.reason)): make its directory writable for this user, "
                + "or set supervisor.admin_socket"
        }
    }

    private static func name(_ process: Int32?) -> String {
        process.map { " (process \($0))" } ?? ""
    }
}
