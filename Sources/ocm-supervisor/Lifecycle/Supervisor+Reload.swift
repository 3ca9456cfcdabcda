import Logging
import OCMEventLoop

/// Serving by another configuration: what the file says now.
extension Supervisor {
    /// Reads the file and puts it into force, or leaves everything as it is.
    func reload() async -> ReloadResult {
        manager.reloading()
        defer { manager.serving() }
        let result = await attempt()
        switch result.outcome {
        case .applied:
            service.log.logger.notice("reloaded", metadata: ["changes": "\(result.changes.joined(separator: "; "))"])
        case .unchanged: service.log.logger.notice("reloaded: nothing has changed")
        case .refused, .takenBack, .stuck:
            for error in result.errors {
                service.log.logger.error("reload refused, what ran goes on", metadata: ["reason": "\(error)"])
            }
        }
        return result
    }

    /// Workers that keep dying after a reload have the configuration before come back.
    func noteCrash() {
        guard probation?.noteDeath(at: EventLoop.now) == true else { return }
        reloads.takeBack()
    }

    /// Puts the last good configuration into force again, whatever the file says.
    ///
    /// - Returns: nil where another reload has come in between.
    func takeBack() async -> ReloadResult? {
        guard let probation, probation.deaths > Probation.deathsAtMost else { return nil }
        self.probation = nil
        let result = await apply(probation.lastGood)
        // A probation is for what an operator has asked for.
        self.probation = nil
        let reason = "\(probation.deaths) workers have died since the reload"
        guard result.outcome == .refused else {
            service.log.logger.error(
                "the reload is taken back, the configuration before is in force again",
                metadata: ["reason": "\(reason)"])
            return .failed(.takenBack, [reason])
        }
        for error in result.errors {
            service.log.logger.error(
                "a reload after which workers keep dying can't be taken back", metadata: ["reason": "\(error)"])
        }
        return .failed(.stuck, [reason] + result.errors)
    }

    private func attempt() async -> ReloadResult {
        let configuration: Configuration
        do throws(InvalidConfiguration) {
            configuration = try ConfigurationFile.load(service.configuration.file).configuration
        } catch {
            return .failed(.refused, error.diagnostics.map(\.text))
        }
        return await apply(configuration)
    }

    private func apply(_ configuration: Configuration) async -> ReloadResult {
        let before = service.configuration
        let reload = Reload(configuration, of: service)
        let socket = await adminSocket(for: configuration, reload)
        let isReady = await reload.prepare()
        if isEnding { reload.fail("the service is about to end") }
        guard isReady, reload.failures.isEmpty else {
            await reload.discard()
            socket?.close()
            return .failed(.refused, reload.failures)
        }
        if let socket { answer(on: socket) }
        var result = ReloadResult(reload.plan.isEmpty ? .unchanged : .applied)
        result.changes = reload.plan.changes
        result.warnings = configuration.warnings.map(\.text)
        if reload.plan.isEmpty {
            reload.reopenLog()
            await reload.discard()
        } else {
            probation = Probation(after: before, probation, at: EventLoop.now)
            result.warnings += await reload.commit()
        }
        return result
    }

    /// Another socket where the place is another, or there was none to be had.
    private func adminSocket(for configuration: Configuration, _ reload: Reload) async -> AdminSocket? {
        guard admin == nil || configuration.adminSocket != service.configuration.adminSocket else { return nil }
        do throws(StartFailure) {
            return try await StartUp.adminSocket(configuration, from: nil, service.log.logger)
        } catch {
            reload.fail("\(error)")
            return nil
        }
    }
}
