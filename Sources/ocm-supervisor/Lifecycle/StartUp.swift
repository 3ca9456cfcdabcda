import Glibc
import Logging
import OCMEventLoop
import OCMIPC
import OCMLogging
import OCMTLS

/// The steps of the start that can fail, each with what the operator is told.
@EventLoop enum StartUp {
    static func account(_ configuration: Configuration) throws(StartFailure) -> (user: UInt32, group: UInt32)? {
        do throws(WorkerAccount.Missing) {
            return try WorkerAccount.identity(configuration.workerUser)
        } catch {
            throw .noAccount(error.name)
        }
    }

    /// Tells what of the workers' confinement is not to be had here.
    static func tellGaps(_ account: (user: UInt32, group: UInt32)?, _ logger: Logger) {
        let gaps = ConfinementGap.all(changesUser: account != nil, landlock: ConfinementGap.landlockVersion)
        guard !gaps.isEmpty else { return }
        logger.notice(
            "workers do without some of their confinement",
            metadata: ["missing": "\(gaps.map(\.description).joined(separator: "; "))"])
    }

    /// The operator's socket. Where the configuration names it, a service without it does not start. The default place may
    /// not be this user's to write in: then the service runs without, and says so. A place that another supervisor has is
    /// a mistake in either case.
    static func adminSocket(
        _ configuration: Configuration, from inheritance: Inheritance?, _ logger: Logger
    ) async throws(StartFailure) -> AdminSocket? {
        do throws(AdminSocketError) {
            if let handedOver = inheritance?.takeAdminSocket(at: configuration.adminSocket),
                let socket = try AdminSocket.adopt(handedOver)
            {
                return socket
            }
            return try await AdminSocket.open(
                configuration.adminSocket, makesDirectory: !configuration.namesAdminSocket)
        } catch {
            guard !configuration.namesAdminSocket, !error.isConflict else { throw .adminSocket(error) }
            logger.warning(
                "there is no admin socket, commands can't reach this service", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    static func loginSurroundings(
        _ configuration: Configuration, _ programs: Programs
    ) throws(StartFailure) -> CredentialStores.Surroundings {
        let override = unsafe getenv(TokenEndpoint.overrideVariable).map { unsafe String(cString: $0) }
        guard let endpoint = TokenEndpoint.url(oauth: configuration.endpoints.oauth, override: override) else {
            throw .tokenEndpoint
        }
        return CredentialStores.Surroundings(
            program: programs.supervisor, endpoint: endpoint, trust: configuration.trust.sources)
    }

    /// Where a changed address overlaps with one that orphans listen on, they make room for it, and finish what is open.
    static func listen(
        _ fleet: WorkerFleet, _ configuration: Configuration, _ orphans: OrphanedWorkers,
        from inheritance: Inheritance?, _ logger: Logger
    ) async throws(StartFailure) {
        for listener in inheritance?.takeListeners() ?? [] {
            let socket = InheritedListeners.Socket(service: listener.service, number: listener.descriptor)
            if listener.isActivated {
                fleet.listeners.inherited.activated.append(socket)
            } else {
                fleet.listeners.inherited.kept.append(socket)
            }
        }
        fleet.listeners.inherited.kept += orphans.takeListeners().map {
            InheritedListeners.Socket(service: $0.service, number: $0.number)
        }
        let deadline = EventLoop.now + .seconds(2)
        var isRetired = false
        while true {
            do throws(ListenerSet.ListenFailure) {
                return try fleet.listeners.open(configuration.services, logger: logger)
            } catch {
                guard error.reason.code == EADDRINUSE, !orphans.workers.isEmpty, EventLoop.now < deadline else {
                    throw .listener(error)
                }
            }
            if !isRetired { fleet.retireOrphans(within: configuration.drainTimeout) }
            isRetired = true
            try? await EventLoop.sleep(for: .milliseconds(20))
        }
    }

    /// What the service manager has opened or kept for this start.
    static func handedOver(
        _ configuration: Configuration, _ manager: ServiceManager, _ logger: Logger
    ) throws(StartFailure) -> InheritedListeners {
        let tags = configuration.services.map(\.tag)
        let handed = HandedDescriptor.takeAll()
        let assignment = SocketAssignment(handed, services: tags)
        for descriptor in assignment.obsolete { manager.discard(descriptor) }
        guard assignment.problems.isEmpty else { throw .sockets(assignment.problems) }
        let activated = Set(assignment.activated.map(\.service))
        for tag in tags where !activated.isEmpty && !activated.contains(tag) {
            logger.notice("the service manager has no socket for this service", metadata: ["service": "\(tag)"])
        }
        return InheritedListeners(activated: assignment.activated, kept: assignment.kept, handed: handed)
    }

    /// Where workers can be found again. Without that, they would not outlive the supervisor for long, which is no reason
    /// not to serve.
    static func rendezvous(
        _ configuration: Configuration, from inheritance: Inheritance?, _ logger: Logger
    ) -> RendezvousDirectory? {
        do throws(RendezvousDirectory.Unusable) {
            return try RendezvousDirectory(
                state: configuration.stateDirectory, configuration: configuration.file, from: inheritance)
        } catch {
            logger.warning(
                "workers could not be taken over if this process were killed", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    static func accounts(_ configuration: Configuration, _ logger: Logger) async throws(StartFailure) -> UsageAccounts {
        let prices = try prices(configuration)
        do throws(LedgerError) {
            return try await UsageAccounts(configuration.services, prices: prices, logger: logger)
        } catch {
            throw .ledger(error)
        }
    }

    /// The prices in force: those that are built in, and the owner's.
    nonisolated static func prices(_ configuration: Configuration) throws(StartFailure) -> PriceBook {
        let owners = try configuration.pricingPath.map { path throws(StartFailure) in try ownersPrices(path) }
        do throws(PricingError) {
            var book = try PriceBook.builtIn()
            if let owners { try book.add(ownersFile: owners) }
            return book
        } catch {
            throw .prices(error)
        }
    }

    private nonisolated static func ownersPrices(_ path: String) throws(StartFailure) -> SourceText {
        do throws(FileContents.Unreadable) {
            return SourceText(
                file: path, bytes: try FileContents.readRegular(path, limit: SourceReader.maximumSize + 1))
        } catch {
            throw .pricesUnreadable(path: path, reason: error.reason)
        }
    }

    /// What workers are told of a configuration.
    static func workerConfiguration(
        _ configuration: Configuration, generation: UInt64, logForm: LogForm
    ) throws(StartFailure) -> WorkerConfiguration {
        let workers = WorkerConfiguration(
            configuration, generation: generation, roots: try roots(configuration), logForm: logForm)
        do throws(IPCError) { try SupervisorMessage.configure(workers).check() } catch { throw .tooLarge(error) }
        return workers
    }

    /// The certificates that the API is verified by, in PEM; none where everything is on this machine.
    static func roots(_ configuration: Configuration) throws(StartFailure) -> [UInt8] {
        guard configuration.endpoints.chatgpt.isEncrypted || configuration.endpoints.openai.isEncrypted else {
            return []
        }
        var roots: [UInt8] = []
        do throws(TrustError) {
            for source in configuration.trust.sources {
                guard case .pem(let bytes) = try source.loaded() else { continue }
                roots += bytes
            }
        } catch {
            throw .trust(error)
        }
        return roots
    }
}

extension Configuration.Trust {
    var sources: [TrustSource] {
        (systemStore ? [.system] : []) + files.map { .file(path: $0) } + directories.map { .directory(path: $0) }
            + certificates.map { .pem(Array($0.utf8) + [UInt8(ascii: "\n")]) }
    }
}
