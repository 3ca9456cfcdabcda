import Logging
import OCMEventLoop

/// Serving by another configuration: what the file says now.
extension Supervisor {
    /// Reads the file and puts it into force, or leaves everything as it is.
    func reload() async -> ReloadResult {
        let result = await attempt()
        switch result.outcome {
        case .applied:
            service.log.logger.notice("reloaded", metadata: ["changes": "\(result.changes.joined(separator: "; "))"])
        case .unchanged: service.log.logger.notice("reloaded: nothing has changed")
        case .refused:
            for error in result.errors {
                service.log.logger.error("reload refused, what ran goes on", metadata: ["reason": "\(error)"])
            }
        }
        return result
    }

    private func attempt() async -> ReloadResult {
        let configuration: Configuration
        do throws(InvalidConfiguration) {
            configuration = try ConfigurationFile.load(service.configuration.file).configuration
        } catch {
            return .refused(error.diagnostics.map(\.text))
        }
        let reload = Reload(configuration, of: service)
        let socket = await adminSocket(for: configuration, reload)
        let isReady = await reload.prepare()
        if isEnding { reload.fail("the service is about to end") }
        guard isReady, reload.failures.isEmpty else {
            await reload.discard()
            socket?.close()
            return .refused(reload.failures)
        }
        var result = ReloadResult(reload.plan.isEmpty ? .unchanged : .applied)
        result.changes = reload.plan.changes
        result.warnings = configuration.warnings.map(\.text)
        if reload.plan.isEmpty {
            reload.reopenLog()
            await reload.discard()
        } else {
            if let socket { answer(on: socket) }
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
