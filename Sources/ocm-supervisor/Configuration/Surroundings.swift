import CShims
import Glibc

/// What the machine and the caller contribute to a configuration: where files are when the file does not say.
struct Surroundings: Sendable {
    var variables: [String: String]
    /// The effective user.
    var userID: UInt32
    var workingDirectory: String
    /// The machine's own name for itself.
    var hostName: String
    /// CPUs that this process may run on.
    var processors: Int
    /// The home directory of a user by name, from the user database.
    var homeOfUser: @Sendable (String) -> String?
    /// The home directory of the effective user, from the user database.
    var homeOfSelf: @Sendable () -> String?
}

extension Surroundings {
    /// A variable that is set and not empty.
    private func variable(_ name: String) -> String? {
        variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Accounts below 1000 are the system's (login.defs(5), SYS_UID_MAX).
    private var isSystemUser: Bool { userID < 1000 }

    /// The home that "~" stands for: under sudo the one of the calling user.
    var home: String? {
        if userID == 0, let caller = variable("SUDO_USER"), caller != "root" { return homeOfUser(caller) }
        return variable("HOME") ?? homeOfSelf()
    }

    /// An absolute path: "~" is the home, what is relative begins at the working directory. `nil` without a home.
    func absolute(_ path: String) -> String? {
        if path.hasPrefix("/") { return path }
        if path == "~" || path.hasPrefix("~/") { return home.map { $0 + path.dropFirst() } }
        let relative = path.hasPrefix("./") ? path.dropFirst(2) : path[...]
        return workingDirectory == "/" ? "/\(relative)" : "\(workingDirectory)/\(relative)"
    }

    /// Where the Codex CLI keeps its login. `nil` without a home.
    var credentialPath: String? {
        absolute(variable("CODEX_HOME").map { "\($0)/auth.json" } ?? "~/.codex/auth.json")
    }

    var stateDirectory: String? {
        if let given = firstDirectory("STATE_DIRECTORY") { return given }
        if isSystemUser { return "/var/lib/ocm" }
        return absolute(variable("XDG_STATE_HOME").map { "\($0)/ocm" } ?? "~/.local/state/ocm")
    }

    /// `nil` where nothing says where sockets go; then it lies in the state directory.
    var adminSocket: String? {
        if let given = firstDirectory("RUNTIME_DIRECTORY") { return "\(given)/admin.sock" }
        if isSystemUser { return "/run/ocm/admin.sock" }
        return variable("XDG_RUNTIME_DIR").map { "\($0)/ocm/admin.sock" }
    }

    /// Where the admin socket is when no configuration says. `nil` without a home.
    var defaultAdminSocket: String? {
        adminSocket ?? stateDirectory.map { "\($0)/admin.sock" }
    }

    /// The first of the directories that systemd made for the unit (systemd.exec(5)).
    private func firstDirectory(_ name: String) -> String? {
        variable(name)?.split(separator: ":").first.map { String($0) }
    }
}

extension Surroundings {
    /// Those of this process.
    static var current: Surroundings {
        Surroundings(
            variables: environment(), userID: geteuid(), workingDirectory: currentDirectory(), hostName: machineName(),
            processors: Int(ocm_usable_processors()),
            homeOfUser: { name in
                let entry = unsafe getpwnam(name)
                return unsafe entry.flatMap { unsafe text($0.pointee.pw_dir) }
            },
            homeOfSelf: {
                let entry = unsafe getpwuid(geteuid())
                return unsafe entry.flatMap { unsafe text($0.pointee.pw_dir) }
            })
    }

    private static func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String? {
        unsafe pointer.map { unsafe String(cString: $0) }
    }

    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            let parts = unsafe String(cString: entry).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            unsafe next += 1
        }
        return variables
    }

    private static func currentDirectory() -> String {
        let path = unsafe getcwd(nil, 0)
        defer { unsafe free(path) }
        return unsafe text(path) ?? "/"
    }

    /// gethostname(2)
    private static func machineName() -> String {
        var name = [CChar](repeating: 0, count: Int(HOST_NAME_MAX) + 1)
        guard unsafe gethostname(&name, name.count) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
