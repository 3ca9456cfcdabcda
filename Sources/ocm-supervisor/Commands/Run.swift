import ArgumentParser

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve what the configuration says, in the foreground.",
        discussion: """
            Starts the workers and serves until SIGTERM or SIGINT. Warnings about the configuration go to standard error, \
            the log where the section "log" says.
            """)

    @OptionGroup var configuration: ConfigurationOption

    func run() throws {
        let loaded = try configuration.load().configuration
        StandardError.write(configuration.report(loaded.warnings))
        throw ExitCode(Supervisor.run(configuration: loaded))
    }
}
