import ArgumentParser
import OCMEventLoop

/// Where a command looks for the supervisor.
struct AdminSocketSearch: ParsableArguments {
    @OptionGroup var configuration: ConfigurationOption

    @Option(
        help: ArgumentHelp(
            "The supervisor's admin socket.",
            discussion: "Left out: the one that the configuration names, else the default place.", valueName: "PATH"),
        completion: .file())
    var socket: String?

    func validate() throws {
        guard let socket else { return }
        guard !socket.isEmpty, socket.utf8.count <= SocketAddress.longestPath else {
            throw ValidationError("--socket takes a path of 1 to \(SocketAddress.longestPath) bytes.")
        }
    }

    /// The paths to try, at least one, the likeliest first.
    ///
    /// The default place depends on the user, and the supervisor's may be another than the one who asks; so the system's
    /// is tried too. A configuration that this user can't read, or that is being edited, is no hindrance unless it was
    /// asked for with `-c`.
    func places() throws -> [String] {
        if let socket { return [Surroundings.current.absolute(socket) ?? socket] }
        let read: Configuration? =
            if configuration.file != nil {
                try configuration.load().configuration
            } else {
                try? ConfigurationFile.load(configuration.path).configuration
            }
        return Self.places(read, in: .current)
    }

    static func places(_ configuration: Configuration?, in surroundings: Surroundings) -> [String] {
        if let configuration, configuration.namesAdminSocket { return [configuration.adminSocket] }
        let own = configuration?.adminSocket ?? surroundings.defaultAdminSocket
        let system = "/run/ocm/admin.sock"
        return own.map { $0 == system ? [system] : [$0, system] } ?? [system]
    }
}
