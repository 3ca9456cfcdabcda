import ArgumentParser
import FoundationEssentials
import OCMHTTP

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have a running supervisor serve what its configuration says now.",
        discussion: """
            Waits until it is in force, and says what has changed. A configuration with errors is refused whole: what ran \
            goes on. No request that is open is cut, but those of users who were removed or have another token. SIGHUP to \
            the supervisor does the same; its log tells what came of it.

            Exit status: 0 in force, 78 refused, 77 not permitted, 1 anything else.
            """)

    @OptionGroup var search: AdminSocketSearch

    @Flag(help: "Print the answer as it came, in JSON.")
    var json = false

    /// Workers that start, and a reload that is under way already, take their time.
    private static let patience = Duration.seconds(120)

    func run() throws {
        let supervisor = try search.find()
        let answer = try supervisor.ask(.post, "/reload", patience: Self.patience, accepting: [200, 422])
        guard let result = try? JSONDecoder().decode(ReloadResult.self, from: Data(answer)) else {
            throw supervisor.isOfAnotherVersion
        }
        if json {
            try StandardOutput.write(String(decoding: answer, as: UTF8.self))
        } else {
            StandardError.write(Self.lines(result.warnings + result.errors))
            try StandardOutput.write(Self.text(result))
        }
        if result.outcome == .refused { throw ExitCode.configuration }
    }

    static func text(_ result: ReloadResult) -> String {
        switch result.outcome {
        case .applied: lines(["The configuration is in force. What has changed:"] + result.changes.map { "  \($0)" })
        case .unchanged: lines(["Nothing has changed."])
        case .refused, .takenBack, .stuck: lines(["The configuration is refused: what ran before goes on."])
        }
    }

    private static func lines(_ lines: [String]) -> String {
        lines.map { Printable.line($0) + "\n" }.joined()
    }
}
