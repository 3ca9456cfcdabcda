import ArgumentParser
import Glibc
import OCMEventLoop

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve what the configuration says, in the foreground.",
        discussion: """
            Starts the workers and serves until SIGTERM or SIGINT. SIGUSR2 has it continue as the program that has \
            taken its place on disk, see "upgrade". Warnings about the configuration go to standard error, \
            the log where the section "log" says. Takes sockets from systemd and tells it how far the service is: see \
            systemd.socket(5), FileDescriptorName=, and systemd.service(5), Type=notify.
            """)

    @OptionGroup var configuration: ConfigurationOption

    @Flag(help: .hidden)
    var trial = false

    func run() throws {
        // They ask for what is done anyway by a program that starts.
        SignalSource.hold([SIGHUP, SIGUSR2])
        let handover = try handover()
        let loaded = try configuration.load().configuration
        if trial {
            guard let handover else { throw ValidationError("--trial is for a supervisor's own use.") }
            throw ExitCode(TrialRun.run(loaded, handover))
        }
        StandardError.write(configuration.report(loaded.warnings))
        throw ExitCode(Supervisor.run(configuration: loaded, after: handover))
    }

    /// What the program before this one has left in the process, in an upgrade.
    private func handover() throws -> Handover? {
        do throws(HandoverError) {
            return try Handover.receive()
        } catch {
            StandardError.write("ocm-supervisor: \(error)\n")
            throw ExitCode.failure
        }
    }
}
