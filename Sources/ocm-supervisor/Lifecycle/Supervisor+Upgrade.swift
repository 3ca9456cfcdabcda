import Glibc
import Logging
import OCMEventLoop
import OCMHTTP
import OCMIPC

/// What an upgrade has to know of the supervisor.
extension Supervisor {
    /// SIGUSR2.
    func startUpgrade() {
        EventLoop.spawn { [self] in
            let subject = upgradeSubject
            do throws(UpgradeFailure) {
                try await upgrade.begin(subject)
                await upgrade.complete(subject)
            } catch .underWay {
                log.logger.notice("an upgrade is under way already")
            } catch {
                // It is in the log.
            }
        }
    }

    /// `POST /upgrade`: what came of the trial. The execution follows the answer.
    func answerUpgrade() async -> AdminResponse {
        let subject = upgradeSubject
        do throws(UpgradeFailure) {
            try await upgrade.begin(subject)
        } catch {
            return .json(upgrade.refusal(error), status: 422)
        }
        let report = upgrade.report
        EventLoop.spawn { [upgrade] in await upgrade.complete(subject) }
        return .json(report, status: 202)
    }

    private var upgradeSubject: Upgrade.Subject {
        Upgrade.Subject(
            obstacle: { [self] in obstacle },
            handover: { [self] number, begun throws(SystemError) in try handover(number, begun) },
            pauseAdmin: { [self] in
                // The program that takes over says when it is ready.
                manager.reloading()
                await admin?.pause(until: EventLoop.now + .seconds(1))
            },
            resumeAdmin: { [self] in
                admin?.resume()
                manager.serving()
            }, leave: { [service] in service.fleet.leave() },
            configuration: { [service] in service.configuration.file })
    }

    private var obstacle: Upgrade.Obstacle? {
        guard state == .serving else {
            let failure = UpgradeFailure.notServing(state.rawValue)
            return state == .starting ? .passing(failure) : .lasting(failure)
        }
        let workers = service.fleet.workers
        if service.rendezvous == nil || workers.contains(where: { !$0.canBeFound }) { return .lasting(.noRendezvous) }
        if reloads.isUnderWay { return .passing(.reloading) }
        if let obstacle = service.logins.upgradeObstacle { return obstacle }
        if workers.contains(where: \.hasEnded) { return .passing(.burying) }
        let living = Set(workers.map(\.identity))
        return service.accounts.hasPending(besides: living) ? .passing(.usage) : nil
    }

    private func handover(
        _ number: UInt32, _ begun: Timestamp
    ) throws(SystemError) -> Handover {
        var handover = Handover(
            version: Release.version, number: number, begun: begun, started: started,
            stateDirectory: service.configuration.stateDirectory)
        handover.children = ChildProcess.unreaped.sorted()
        do throws(SystemError) {
            let listeners = service.fleet.listeners.handedOver
            for (sockets, isActivated) in [(listeners.activated, true), (listeners.kept, false)] {
                for socket in sockets {
                    handover.listeners.append(
                        Handover.Listener(
                            service: socket.service, isActivated: isActivated,
                            descriptor: try Self.duplicate(socket.number)))
                }
            }
            handover.adminSocket = try admin?.socket.handedOver()
            handover.rendezvous = try service.rendezvous?.handedOver()
        } catch {
            for number in handover.descriptors { Glibc.close(number) }
            throw error
        }
        return handover
    }

    private static func duplicate(_ number: Int32) throws(SystemError) -> Int32 {
        try FileDescriptor("dup", fcntl(number, F_DUPFD_CLOEXEC, 0)).release()
    }
}

extension CredentialStores {
    /// A login that is not on disk, or about to change.
    var upgradeObstacle: Upgrade.Obstacle? {
        for store in all {
            if let problem = store.unsavedProblem {
                return .lasting(.unsaved(login: store.settings.path, problem: problem))
            }
            if store.asking != nil || store.state.isUnsaved { return .passing(.refreshing(login: store.settings.path)) }
        }
        return nil
    }
}

extension CredentialStore {
    /// Why the last attempt to write new tokens failed, while they are in memory alone.
    fileprivate var unsavedProblem: String? {
        guard state.isUnsaved, let problem = state.obtained?.problem else { return nil }
        return "\(problem)"
    }
}
