import ArgumentParser
import FoundationEssentials
import OCMEventLoop
import OCMHTTP

struct UpgradeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Have a running supervisor go on as the program that has taken its place on disk.",
        discussion: """
            To be used when the programs have been replaced. The new one is tried out first; if it could not take over, the \
            old one goes on, and the reasons are shown. Otherwise it takes over in the same process: no request that is \
            open is cut, and nothing is refused meanwhile. New workers serve, the old ones finish what they have open. \
            Waits until the new version serves. SIGUSR2 to the supervisor does the same; its log and `status` tell what \
            came of it.

            Exit status: 0 the new version serves, 77 not permitted, 1 anything else.
            """)

    @OptionGroup var search: AdminSocketSearch

    @Flag(help: "Print what came of it in JSON.")
    var json = false

    /// What the trial may take, and what the new program may until it serves.
    private static let trialPatience = Duration.seconds(60)
    private static let startPatience = Duration.seconds(90)

    func run() throws {
        let supervisor = try search.find()
        let answer = try supervisor.ask(
            .post, "/upgrade", patience: Self.trialPatience, accepting: [202, 422])
        guard let begun = try? JSONDecoder().decode(StatusReport.Upgrade.self, from: Data(answer)) else {
            throw supervisor.isOfAnotherVersion
        }
        let end = begun.state == .failed ? begun : try follow(begun, of: supervisor)
        if json { try StandardOutput.write(JSONOutput.text(end) + "\n") }
        if end.state == .failed {
            let reasons = end.reasons.map { "  \(Printable.line($0))\n" }.joined()
            StandardError.write("ocm-supervisor: the upgrade failed, OCM \(end.from) goes on:\n\(reasons)")
            throw ExitCode.failure
        }
        if !json { try StandardOutput.write(Self.text(end, supervisor.status.pid)) }
    }

    /// Looks again and again until it is done or has failed. The socket is there all the time; the supervisor may need a
    /// moment to answer on it.
    private func follow(
        _ begun: StatusReport.Upgrade, of supervisor: RunningSupervisor
    ) throws -> StatusReport.Upgrade {
        let deadline = Timestamp.now + Self.startPatience
        while .now < deadline {
            Self.wait(.milliseconds(50))
            // What does not answer at this moment may do so before long: even one that the service manager has to start.
            guard let answer = try? AdminClient.ask(.get, "/status", on: supervisor.socket), answer.status == 200,
                let report = try? JSONDecoder().decode(StatusReport.self, from: Data(answer.body))
            else { continue }
            guard report.pid == supervisor.status.pid, let upgrade = report.upgrade, upgrade.number >= begun.number
            else {
                StandardError.write(
                    "ocm-supervisor: the supervisor ended in the upgrade, and OCM \(report.version) was started anew "
                        + "(process \(report.pid)); the log says more.\n")
                throw ExitCode.failure
            }
            if upgrade.state == .done || upgrade.state == .failed { return upgrade }
        }
        StandardError.write(
            "ocm-supervisor: the new program took over, and does not answer: its log says more. "
                + "The workers serve on for a while; start the supervisor.\n")
        throw ExitCode.failure
    }

    private static func wait(_ pause: Duration) {
        EventLoop.run { try? await EventLoop.sleep(for: pause) }
    }

    private static func text(_ upgrade: StatusReport.Upgrade, _ pid: Int32) -> String {
        let version = upgrade.to ?? "another version"
        return version == upgrade.from
            ? "OCM \(version) serves, executed anew (process \(pid)).\n"
            : "OCM \(version) serves, in place of \(upgrade.from) (process \(pid)).\n"
    }
}
