import OCMEventLoop
import OCMHTTP

/// What an operator can ask of the supervisor.
extension Supervisor {
    var routes: AdminRoutes {
        AdminRoutes([
            (.get, "/status", { [self] _ in .json(status) }),
            (.get, "/usage", { [self] in await service.usage($0) }),
            (.post, "/reload", { [self] _ in await answerReload() }),
            (.post, "/drain", { [self] in answerDrain($0) }),
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

    private func answerDrain(_ request: AdminRequest) -> AdminResponse {
        switch request.query {
        case "":
            drain()
            return .json(status)
        case "wait=true":
            let requests = CutRequests(by: service.fleet)
            drain()
            return .atTheEnd { .json(DrainResult(cut: requests.count)) }
        default:
            return .error(400, "invalid_request_error", "the only parameter is wait=true")
        }
    }
}
