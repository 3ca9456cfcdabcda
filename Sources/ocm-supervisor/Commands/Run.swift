import ArgumentParser

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve what the configuration says, in the foreground.",
        discussion: """
            Starts the workers and serves until SIGTERM or SIGINT. Warnings about the configuration and the log go where \
            the section "log" of the configuration says, standard error if it says nothing.
            """)

    @OptionGroup var configuration: ConfigurationOption

    func run() throws {
        let loaded = try configuration.load().configuration
        StandardError.write(configuration.report(loaded.warnings))
        throw ExitCode(Supervisor.run(configuration: loaded))
    }
}
