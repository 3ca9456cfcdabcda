import ArgumentParser
import FoundationEssentials
import Glibc
import OCMEventLoop
import OCMHTTP

/// Where `usage` has its answer from: the supervisor if one runs, else the files. What fails is said on standard error, and
/// ends the command.
struct UsageSource {
    let search: AdminSocketSearch

    /// Years of usage take a moment to add up.
    private static let patience = Duration.seconds(30)

    func report(_ query: UsageQuery) throws -> UsageReport {
        var attempts: [(path: String, failure: AdminClientFailure)] = []
        for place in try search.places() {
            do {
                let report = try ask(query, on: place)
                if search.isMeant(report.configuration) { return report }
                attempts.append((place, .absent))
            } catch let failure as AdminClientFailure {
                attempts.append((place, failure))
            }
        }
        let isStopped = attempts.allSatisfy { $0.failure == .absent || $0.failure == .abandoned }
        guard isStopped, search.socket == nil, search.configuration.isThere else {
            let failure = SupervisorUnreachable(attempts: attempts, patience: Self.patience)
            throw Self.fail(failure.text, failure.exitStatus)
        }
        var report = try stored(query, try search.configuration.load().configuration)
        report.notes.insert("Read from the files: no supervisor answers.", at: 0)
        if attempts.contains(where: { $0.failure == .abandoned }) {
            report.notes.insert("The last one was killed: workers may hold more, which the next one takes over.", at: 1)
        }
        return report
    }

    private func ask(_ query: UsageQuery, on place: String) throws -> UsageReport {
        let answer = try AdminClient.ask(
            .get, "/usage?\(query.parameters)", on: place, patience: Self.patience)
        if answer.status == 400 {
            throw ValidationError(answer.reason.map { "\($0)." } ?? "The supervisor does not take this question.")
        }
        guard let report = UsageReport(json: try answer.body()) else { throw AdminClientFailure.garbled }
        return report
    }

    private func stored(_ query: UsageQuery, _ configuration: Configuration) throws -> UsageReport {
        do {
            let prices = try StartUp.prices(configuration)
            let counted = try StoredUsage.read(configuration, prices: prices, zone: .system)
            return try Self.answer(query, from: counted)
        } catch let error as UsageQueryError {
            throw ValidationError("\(error.text).")
        } catch let error as LedgerError {
            throw Self.fail("\(error)", error.isForbidden ? 77 : 1)
        } catch let error as StartFailure {
            throw Self.fail("\(error)", 1)
        }
    }

    private static func answer(_ query: UsageQuery, from counted: CountedUsage) throws -> UsageReport {
        try BlockingLoop.run { () -> Result<UsageReport, UsageQueryError> in
            do throws(UsageQueryError) {
                return .success(try await query.answer(from: counted, now: .now, zone: .system, Pace()))
            } catch {
                return .failure(error)
            }
        }.get()
    }

    private static func fail(_ text: String, _ status: Int32) -> ExitCode {
        StandardError.write("ocm-supervisor: \(text)\n")
        return ExitCode(status)
    }
}

extension LedgerError {
    fileprivate var isForbidden: Bool {
        guard case .system(_, _, let code) = self else { return false }
        return code == EACCES || code == EPERM
    }
}
