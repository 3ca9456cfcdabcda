import ArgumentParser
import FoundationEssentials
import OCMEventLoop
import OCMHTTP

struct DrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Have a running supervisor finish what is open, and end.",
        discussion: """
            It accepts no more at once, and has `drain_timeout` to finish what is open; what is left then is cut. Waits for \
            its end and shows how much is open. Ctrl-C ends the waiting alone; SIGTERM to the supervisor shortens the time \
            to `stop_timeout`.

            Exit status: 0 all was finished, 77 not permitted, 1 anything else.
            """)

    @OptionGroup var search: AdminSocketSearch

    @Flag(help: "Print what came of it in JSON, and nothing before that.")
    var json = false

    struct Result: Encodable {
        enum Outcome: String, Encodable { case finished, cut }
        let outcome: Outcome
        /// Requests that were open at the end of the time.
        let cut: Int
    }

    func run() throws {
        let supervisor = try search.find()
        let answer = try supervisor.ask(.post, "/drain")
        guard let first = try? JSONDecoder().decode(StatusReport.self, from: Data(answer)) else {
            throw supervisor.isOfAnotherVersion
        }
        let last = follow(first, on: supervisor.socket)
        let isCut =
            last.open.exchanges > 0 && last.deadline.flatMap { Timestamp(rfc3339: $0) }.map { $0 <= .now } == true
        let result = Result(outcome: isCut ? .cut : .finished, cut: isCut ? last.open.exchanges : 0)
        try StandardOutput.write((json ? try JSONOutput.text(result) : Self.text(result)) + "\n")
        if isCut { throw ExitCode.failure }
    }

    /// Looks again and again until it does not answer any more. Returns what it has said last.
    private func follow(_ first: StatusReport, on socket: String) -> StatusReport {
        var last = first
        var pause = Duration.milliseconds(50)
        show(first, after: nil)
        while true {
            Self.wait(pause)
            pause = min(pause * 2, .seconds(1))
            guard let answer = try? AdminClient.ask(.get, "/status", on: socket), answer.status == 200,
                let report = try? JSONDecoder().decode(StatusReport.self, from: Data(answer.body)),
                report.pid == first.pid
            else { return last }
            show(report, after: last)
            last = report
        }
    }

    private func show(_ report: StatusReport, after earlier: StatusReport?) {
        guard !json, earlier?.open.exchanges != report.open.exchanges || earlier?.deadline != report.deadline else {
            return
        }
        StandardOutput.tell(StatusPage(report, now: .now).ending.map { $0 + "\n" }.joined())
    }

    private static func wait(_ pause: Duration) {
        EventLoop.run { try? await EventLoop.sleep(for: pause) }
    }

    private static func text(_ result: Result) -> String {
        switch result.outcome {
        case .finished: "All is finished; the supervisor has ended."
        case .cut: "The time was over: \(result.cut == 1 ? "1 request was" : "\(result.cut) requests were") cut."
        }
    }
}
