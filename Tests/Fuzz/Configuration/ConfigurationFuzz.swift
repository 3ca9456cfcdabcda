import FuzzSupport
import OCMIPC
import OCMLogging

@testable import ocm_supervisor

/// One input is a configuration file. Whatever it is, it is read or refused with a reason; what is read can be sent to a
/// worker.
@main enum ConfigurationFuzz: Fuzzer {
    static func test(_ input: inout Input) {
        let source = SourceText(file: "config.json", bytes: input.bytes)
        do throws(InvalidConfiguration) {
            let file = try ConfigurationFile.read(source, in: somewhere)
            let workers = WorkerConfiguration(file.configuration, generation: 1, roots: [], logForm: .text)
            do throws(IPCError) {
                try SupervisorMessage.configure(workers).check()
            } catch {
                fatalError("no worker would take it: \(error)")
            }
            guard ReloadPlan(from: file.configuration, to: file.configuration).isEmpty else {
                fatalError("it differs from itself")
            }
        } catch {
            guard error.diagnostics.contains(where: { $0.severity == .error }) else {
                fatalError("refused without a reason")
            }
            for diagnostic in error.diagnostics where "\(diagnostic)".isEmpty { fatalError("a reason without words") }
        }
    }
}

private let somewhere = Surroundings(
    variables: ["HOME": "/nowhere"], userID: 1000, workingDirectory: "/nowhere", hostName: "host", processors: 4,
    homeOfUser: { _ in nil }, homeOfSelf: { "/nowhere" })
