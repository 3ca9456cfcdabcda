import ArgumentParser

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Validate the configuration and the files that it names.",
        discussion: """
            Reads the configuration, the logins, certificates, prices and directories that it names, and changes nothing. \
            Errors and warnings go to standard error, a summary to standard output. Run it as the user that serves: what \
            may be read and written is checked with the rights of whoever calls.

            Exit status: 0 where everything is in order (warnings or not), else 78.
            """)

    @OptionGroup var configuration: ConfigurationOption

    @Flag(help: "Print JSON, errors and warnings included.")
    var json = false

    func run() throws {
        let (file, diagnostics) = inspect()
        let isValid = !diagnostics.contains { $0.severity == .error }
        if json {
            let path = configuration.path
            let report = CheckReport(file: path, diagnostics: diagnostics, configuration: file?.configuration)
            try StandardOutput.write(try JSONOutput.text(report) + "\n")
        } else {
            StandardError.write(configuration.report(diagnostics))
            if isValid, let file { try StandardOutput.write(summary(file.configuration) + "\n") }
        }
        if !isValid { throw ExitCode.configuration }
    }

    /// The file where it can be read, and all that is to be said about it.
    private func inspect() -> (file: ConfigurationFile?, diagnostics: [Diagnostic]) {
        do throws(InvalidConfiguration) {
            let file = try ConfigurationFile.load(configuration.path)
            let found = NamedFiles(file: file).diagnostics
            // Both lists are in the order of the file already.
            let sorted = (file.configuration.warnings + found).enumerated()
                .sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
            return (file, sorted.map(\.element))
        } catch {
            return (nil, error.diagnostics)
        }
    }

    private static func count(_ users: Int) -> String {
        switch users {
        case 0: "open to everyone"
        case 1: "1 user"
        default: "\(users) users"
        }
    }

    private func summary(_ configuration: Configuration) -> String {
        var lines = ["configuration \(self.configuration.path) is valid"]
        for service in configuration.services {
            let users = Self.count(service.users.count)
            lines.append("  service \(service.tag.quoted): \(service.listener.text), \(users)")
            lines.append("    login \(service.credentialPath)")
            lines.append("    usage \(service.usagesPath ?? "not counted")")
        }
        let workers = configuration.workers == 1 ? "1 worker" : "\(configuration.workers) workers"
        lines.append("  \(workers), state in \(configuration.stateDirectory)")
        return lines.joined(separator: "\n")
    }
}

extension ServiceConfiguration.Listener {
    /// For people: "127.0.0.1:8080", "[::1]:8080", "127.0.0.1, any free port".
    var text: String {
        guard port > 0 else { return "\(address.text), any free port" }
        return address.isIPv6 ? "[\(address.text)]:\(port)" : "\(address.text):\(port)"
    }
}
