import ArgumentParser
import FoundationEssentials
import OCMHTTP

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a running supervisor serves, and how its login is.",
        discussion: """
            Asks the supervisor on its admin socket. Root, the supervisor's own user and the members of the socket's group \
            may ask.

            Exit status: 0 answered, whatever the state of the login; 1 no supervisor answers; 77 not permitted.
            """)

    @OptionGroup var search: AdminSocketSearch

    @Flag(help: "Print the answer as it came, in JSON.")
    var json = false

    func run() throws {
        let answer = try search.ask(.get, "/status")
        guard !json else {
            return try StandardOutput.write(String(decoding: answer, as: UTF8.self))
        }
        guard let report = try? JSONDecoder().decode(StatusReport.self, from: Data(answer)) else {
            StandardError.write("ocm-supervisor: the supervisor is of another version, use --json\n")
            throw ExitCode.failure
        }
        let now = Timestamp(rfc3339: report.time) ?? .now
        try StandardOutput.write(StatusPage(report, now: now).text)
    }
}

extension AdminSocketSearch {
    /// The body of the answer. Where there is none, the reason goes to standard error and the command ends.
    func ask(_ method: OCMHTTP.Method, _ target: String) throws -> [UInt8] {
        try first { place throws(AdminClientFailure) in try AdminClient.ask(method, target, on: place).body() }
    }

    /// What comes of the first place where it comes to anything. Where there is none, the reason goes to standard error and
    /// the command ends.
    func first<Value>(_ attempt: (_ place: String) throws(AdminClientFailure) -> Value) throws -> Value {
        var attempts: [(path: String, failure: AdminClientFailure)] = []
        for place in try places() {
            do throws(AdminClientFailure) {
                return try attempt(place)
            } catch {
                attempts.append((place, error))
            }
        }
        throw SupervisorUnreachable(attempts: attempts).exit
    }
}
