import FoundationEssentials
import OCMEventLoop
import OCMHTTP

/// A drain, from its beginning until the supervisor is gone.
@EventLoop final class DrainWatch {
    enum End: Sendable {
        case told(DrainResult)
        /// The supervisor has ended without a word. So many requests were open when it was asked last.
        case lost(open: Int)
        /// It does not take the question.
        case failed(AdminClientFailure)
    }

    private let socket: String
    private var last: StatusReport
    private let progress: @Sendable (StatusReport, _ earlier: StatusReport) -> Void
    /// What came of the question whose answer comes at the end.
    private var answer: Result<AdminAnswer, AdminClientFailure>?
    private let answered = Wakeup()

    /// As good as for ever: the answer comes when what is open is finished.
    private static let patience = Duration.seconds(365 * 86400)
    private static let longestPause = Duration.seconds(1)

    /// - Parameter progress: called with each status that it looks at, and the one before.
    init(
        _ supervisor: RunningSupervisor, progress: @escaping @Sendable (StatusReport, _ earlier: StatusReport) -> Void
    ) {
        socket = supervisor.socket
        last = supervisor.status
        self.progress = progress
    }

    func end() async -> End {
        ask()
        var pause = Duration.milliseconds(50)
        while true {
            try? await answered.wait(until: EventLoop.now + pause)
            pause = min(pause * 2, Self.longestPause)
            if let end = told() { return end }
            let isUnanswered = answer != nil
            switch await look() {
            case .gone where isUnanswered: return .lost(open: last.open.exchanges)
            // It has turned the question away for the sake of others. The one after it is not to be asked.
            case .there where isUnanswered: ask()
            case .there, .gone, .unknown: break
            }
        }
    }

    private func ask() {
        answer = nil
        EventLoop.spawn { [self] in
            do throws(AdminClientFailure) {
                answer = .success(
                    try await AdminClient.answer(to: .post, "/drain?wait=true", on: socket, patience: Self.patience))
            } catch {
                answer = .failure(error)
            }
            answered.signal()
        }
    }

    /// Nil where there is no answer, or none that is the end of it.
    private func told() -> End? {
        guard case .success(let answer) = answer else { return nil }
        switch answer.status {
        case 200:
            let result = try? JSONDecoder().decode(DrainResult.self, from: Data(answer.body))
            return result.map { .told($0) } ?? .failed(.garbled)
        case 503: return nil
        default: return .failed(AdminClientFailure(answer))
        }
    }

    private enum Presence {
        case there
        /// Nobody is, or another supervisor.
        case gone
        /// It does not answer at this moment.
        case unknown
    }

    private func look() async -> Presence {
        do throws(AdminClientFailure) {
            let answer = try await AdminClient.answer(to: .get, "/status", on: socket)
            guard answer.status == 200,
                let report = try? JSONDecoder().decode(StatusReport.self, from: Data(answer.body))
            else { return .unknown }
            guard report.pid == last.pid else { return .gone }
            progress(report, last)
            last = report
            return .there
        } catch {
            return error == .absent || error == .abandoned ? .gone : .unknown
        }
    }
}
