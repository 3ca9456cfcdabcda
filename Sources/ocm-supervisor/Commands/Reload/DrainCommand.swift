import ArgumentParser
import OCMEventLoop

struct DrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Have a running supervisor finish what is open, and end.",
        discussion: """
            It accepts no more at once, and has `drain_timeout` to finish what is open; what is left then is cut. Waits for \
            its end and shows how much is open. Ctrl-C ends the waiting alone; SIGTERM to the supervisor shortens the time \
            to `stop_timeout`. Where the service manager holds the listening sockets, the next connection starts the \
            service again: stop them first (systemctl stop ocm.socket).

            Exit status: 0 all was finished, 77 not permitted, 1 anything else.
            """)

    @OptionGroup var search: AdminSocketSearch

    @Flag(help: "Print what came of it in JSON, and nothing before that.")
    var json = false

    struct Result: Encodable {
        enum Outcome: String, Encodable { case finished, cut, lost }
        let outcome: Outcome
        /// Requests that were cut; nil where the supervisor has not told.
        var cut: Int?
        /// Requests that were open when it was asked last, where it has not told what became of them.
        var open: Int?
    }

    func run() throws {
        let supervisor = try search.find()
        let end = try BlockingLoop.run { [json] in
            await DrainWatch(supervisor) { if !json { Self.show($0, after: $1) } }.end()
        }
        let result: Result
        switch end {
        case .told(let end): result = Result(outcome: end.cut == 0 ? .finished : .cut, cut: end.cut)
        case .lost(let open): result = Result(outcome: .lost, open: open)
        case .failed(.garbled): throw supervisor.isOfAnotherVersion
        case .failed(let failure): throw SupervisorUnreachable(attempts: [(supervisor.socket, failure)]).exit
        }
        try StandardOutput.write((json ? try JSONOutput.text(result) : Self.text(result)) + "\n")
        if result.outcome != .finished { throw ExitCode.failure }
    }

    private static func show(_ report: StatusReport, after earlier: StatusReport) {
        guard earlier.open.exchanges != report.open.exchanges || earlier.deadline != report.deadline else { return }
        StandardOutput.tell(StatusPage(report, now: .now).ending.map { $0 + "\n" }.joined())
    }

    private static func text(_ result: Result) -> String {
        func requests(_ count: Int?) -> String { count == 1 ? "1 request was" : "\(count ?? 0) requests were" }
        return switch result.outcome {
        case .finished: "All is finished; the supervisor has ended."
        case .cut: "Not all was finished: \(requests(result.cut)) cut; the supervisor has ended."
        case .lost:
            "The supervisor has ended without a word, its log may say more: \(requests(result.open)) open when it was "
                + "asked last."
        }
    }
}
