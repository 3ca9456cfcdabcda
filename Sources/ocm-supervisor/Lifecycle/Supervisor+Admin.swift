import OCMEventLoop
import OCMHTTP

/// What an operator can ask of the supervisor.
extension Supervisor {
    func routes(for service: RunningService) -> AdminRoutes {
        AdminRoutes([
            (
                .get, "/status",
                { [self] _ in .json(StatusReport(service, state: state, started: started, upgrade: upgrade.report)) }
            ),
            (.get, "/usage", { await service.usage($0) }),
            (.post, "/upgrade", { [self] _ in await answerUpgrade(of: service) }),
        ])
    }
}
