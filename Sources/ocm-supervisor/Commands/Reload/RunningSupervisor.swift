import ArgumentParser
import FoundationEssentials
import OCMHTTP

/// A supervisor that answers, and is the one that was meant.
struct RunningSupervisor {
    let socket: String
    /// As it was when it was found.
    let status: StatusReport

    /// The body of the answer. Where there is none, the reason goes to standard error and the command ends.
    ///
    /// - Parameter statuses: of answers that are the caller's to understand.
    func ask(
        _ method: OCMHTTP.Method, _ target: String, patience: Duration = AdminClient.patience,
        accepting statuses: Set<Int> = [200]
    ) throws -> [UInt8] {
        do throws(AdminClientFailure) {
            return try AdminClient.ask(method, target, on: socket, patience: patience).body(accepting: statuses)
        } catch {
            throw SupervisorUnreachable(attempts: [(socket, error)], patience: patience).exit
        }
    }

    var isOfAnotherVersion: ExitCode {
        StandardError.write("ocm-supervisor: the supervisor is of another version than this command\n")
        return .failure
    }
}

extension AdminSocketSearch {
    /// The supervisor that answers first and serves the configuration that was named with `-c`, if one was. Where there is
    /// none, the reason goes to standard error and the command ends.
    func find() throws -> RunningSupervisor {
        try first { place throws(AdminClientFailure) in
            let answer = try AdminClient.ask(.get, "/status", on: place).body()
            guard let status = try? JSONDecoder().decode(StatusReport.self, from: Data(answer)) else { throw .garbled }
            guard isMeant(status.configuration) else { throw .absent }
            return RunningSupervisor(socket: place, status: status)
        }
    }

    /// The supervisor at a default place may be another than the one that was asked for.
    ///
    /// - Parameter served: the configuration file of the one that answers.
    func isMeant(_ served: String) -> Bool {
        guard socket == nil, configuration.file != nil,
            let asked = try? ConfigurationFile.load(configuration.path).configuration, !asked.namesAdminSocket
        else { return true }
        return DirectoryStorage.resolve(asked.file) == DirectoryStorage.resolve(served)
    }
}

extension SupervisorUnreachable {
    /// Says why on standard error; the status to end with.
    var exit: ExitCode {
        StandardError.write("ocm-supervisor: \(text)\n")
        return ExitCode(exitStatus)
    }
}
