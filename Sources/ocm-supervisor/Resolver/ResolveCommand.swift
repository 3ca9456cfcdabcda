internal import ArgumentParser

/// The child that looks a name up: the name on standard input, its addresses on standard output.
struct ResolveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Look a name up for the supervisor.", shouldDisplay: false)

    func run() {
        guard let host = ChildAnswer.readQuestion()?.string else { return }
        do throws(ResolverError) {
            ChildAnswer.give(ChildMessage(.success(try AddressLookup.addresses(of: host, port: 0))))
        } catch {
            ChildAnswer.give(ChildMessage(.failure(error)))
        }
    }
}
