import ArgumentParser
import OCMEventLoop
import OCMIPC

/// Reads the arguments; the commands do the rest.
@main
struct Program: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ocm-supervisor",
        abstract: "Lets remote Codex clients use one local OpenAI login.",
        discussion: """
            `run` serves what the configuration says; the other commands prepare and examine it.

            Exit status: 0 good, 64 wrong arguments, 77 not permitted (`status`, `usage`, `reload`, `upgrade`, `drain`), 78 wrong \
            configuration, 1 anything else.
            """,
        version: Release.text,
        subcommands: [
            Run.self, Check.self, Status.self, Usage.self, ReloadCommand.self, DrainCommand.self,
            UpgradeCommand.self, Login.self, Logout.self, Token.self, ClientConfig.self, Version.self,
            // What the supervisor runs as its children.
            OAuthExchangeCommand.self, ResolveCommand.self,
        ])

    /// All of them, the children too, may come to read secrets.
    static func main() {
        StandardDescriptors.occupy()
        do throws(SystemError) {
            try ProcessMemory.seal()
        } catch {
            StandardError.write("ocm-supervisor: memory with secrets can't be kept out of core files: \(error)\n")
            exit(withError: ExitCode.failure)
        }
        main(nil)
    }
}
