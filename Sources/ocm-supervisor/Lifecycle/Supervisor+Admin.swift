import OCMEventLoop
import OCMHTTP

/// What an operator can ask of the supervisor.
extension Supervisor {
    var routes: AdminRoutes {
        AdminRoutes([
            (.get, "/status", { [self] _ in .json(status) }),
            (.get, "/usage", { [self] in await service.usage($0) }),
            (.post, "/reload", { [self] _ in await answerReload() }),
            (.post, "/drain", { [self] _ in answerDrain() }),
            (.post, "/upgrade", { [self] _ in await answerUpgrade() }),
        ])
    }

    var status: StatusReport {
        StatusReport(
            service, state: state, started: started, deadline: deadline, reload: reloads.last, upgrade: upgrade.report)
    }

    private func answerReload() async -> AdminResponse {
        guard let result = await reloads.result() else {
            return .error(409, "conflict_error", "the service is about to end: nothing is reloaded")
        }
        return .json(result, status: result.outcome == .refused ? 422 : 200)
    }

    private func answerDrain() -> AdminResponse {
        drain()
        return .json(status)
    }
}
