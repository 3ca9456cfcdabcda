/// What it takes to get from one configuration to another: a value without I/O.
///
/// What the files hold that a configuration names is not compared here: see ``found(_:needsGeneration:)``.
struct ReloadPlan: Equatable, Sendable {
    /// What changes, in the words of the file: `services[codex].users: dave added, bob removed`.
    private(set) var changes: [String] = []
    /// Workers can't take all of it under way: others have to take their place.
    private(set) var needsGeneration = false
    /// What can't change before the supervisor is started anew.
    private(set) var refusals: [String] = []

    init(from old: Configuration, to new: Configuration) {
        if old.stateDirectory != new.stateDirectory {
            refusals.append(
                "supervisor.state_directory can't change while the supervisor runs: restart it, or set "
                    + "\(old.stateDirectory) again")
        }
        compareLogs(old.log, new.log)
        compareServices(old, new)
        compareTrust(old, new)
        compareSupervisors(old, new)
        compareLimits(old.limits, new.limits)
        compareTimeouts(old.timeouts, new.timeouts)
    }

    /// Something is other than before that the configuration does not hold itself.
    mutating func found(_ change: String, needsGeneration: Bool) {
        changes.append(change)
        if needsGeneration { self.needsGeneration = true }
    }

    /// Workers can't take under way what is other than before.
    mutating func requireGeneration() {
        needsGeneration = true
    }

    /// Nothing has to be done.
    var isEmpty: Bool { changes.isEmpty && refusals.isEmpty }

    fileprivate mutating func note(_ path: String, _ old: String, _ new: String, needsGeneration: Bool = false) {
        guard old != new else { return }
        found("\(path): \(old) is now \(new)", needsGeneration: needsGeneration)
    }

    /// For what is too long to be shown.
    fileprivate mutating func note<Value: Equatable>(
        _ path: String, ifChanged old: Value, _ new: Value, needsGeneration: Bool = false
    ) {
        if old != new { found("\(path): changed", needsGeneration: needsGeneration) }
    }
}

// The parts of the file.
extension ReloadPlan {
    private mutating func compareLogs(_ old: Configuration.Log, _ new: Configuration.Log) {
        note("log.disabled", "\(old.disabled)", "\(new.disabled)", needsGeneration: true)
        note("log.level", old.level.rawValue, new.level.rawValue)
        note("log.output", old.output.text, new.output.text, needsGeneration: true)
        note("log.timestamp", "\(old.timestamp)", "\(new.timestamp)", needsGeneration: true)
        note("log.format", old.format.rawValue, new.format.rawValue, needsGeneration: true)
        note("log.access", "\(old.access)", "\(new.access)")
    }

    private mutating func compareTrust(_ old: Configuration, _ new: Configuration) {
        note("certificate", ifChanged: old.trust, new.trust)
        note("outbounds", ifChanged: old.outbounds, new.outbounds)
    }

    private mutating func compareSupervisors(_ old: Configuration, _ new: Configuration) {
        func none(_ text: String?) -> String { text ?? "none" }
        note("supervisor.workers", "\(old.workers)", "\(new.workers)", needsGeneration: true)
        note("supervisor.worker_user", none(old.workerUser), none(new.workerUser))
        note("supervisor.admin_socket", old.adminSocket, new.adminSocket)
        note("supervisor.drain_timeout", old.drainTimeout.text, new.drainTimeout.text)
        note("supervisor.stop_timeout", old.stopTimeout.text, new.stopTimeout.text)
        note("supervisor.websockets", "\(old.websockets)", "\(new.websockets)")
        note("supervisor.trusted_proxies", ifChanged: old.trustedProxies, new.trustedProxies)
        let (before, after) = (old.endpoints, new.endpoints)
        note("supervisor.endpoints.chatgpt", before.chatgpt.text, after.chatgpt.text, needsGeneration: true)
        note("supervisor.endpoints.openai", before.openai.text, after.openai.text, needsGeneration: true)
        note("supervisor.endpoints.oauth", before.oauth.text, after.oauth.text)
        note("supervisor.pricing_path", none(old.pricingPath), none(new.pricingPath))
    }

    private mutating func compareLimits(_ old: Configuration.Limits, _ new: Configuration.Limits) {
        func compare(_ name: String, needsGeneration: Bool = false, _ value: (Configuration.Limits) -> Int?) {
            note(
                "supervisor.limits.\(name)", "\(value(old) ?? 0)", "\(value(new) ?? 0)",
                needsGeneration: needsGeneration)
        }
        compare("head_bytes") { $0.headBytes }
        compare("head_fields") { $0.headFields }
        compare("body_bytes") { $0.bodyBytes }
        compare("replay_body") { $0.replayBody }
        compare("buffers") { $0.buffers }
        note("supervisor.limits.connections", old.connections.text, new.connections.text)
        compare("connections_per_address") { $0.connectionsPerAddress }
        compare("requests_per_user") { $0.requestsPerUser }
        compare("websockets_per_user") { $0.websocketsPerUser }
        compare("websocket_message") { $0.websocketMessage }
        compare("h2_streams") { $0.h2Streams }
        compare("memory", needsGeneration: true) { $0.memory }
    }

    private mutating func compareTimeouts(_ old: Configuration.Timeouts, _ new: Configuration.Timeouts) {
        func compare(_ name: String, _ value: (Configuration.Timeouts) -> Duration?) {
            note("supervisor.timeouts.\(name)", value(old).text, value(new).text)
        }
        compare("head") { $0.head }
        compare("idle") { $0.idle }
        compare("body_stall") { $0.bodyStall }
        compare("write_stall") { $0.writeStall }
        compare("handshake") { $0.handshake }
        compare("upstream_connect") { $0.upstreamConnect }
        compare("upstream_silence") { $0.upstreamSilence }
        compare("websocket_ping") { $0.websocketPing }
    }
}

// Services, which are the same as long as they have the same tag.
extension ReloadPlan {
    private mutating func compareServices(_ old: Configuration, _ new: Configuration) {
        let before = Dictionary(old.services.map { ($0.tag, $0) }) { first, _ in first }
        let after = Set(new.services.map(\.tag))
        for service in old.services where !after.contains(service.tag) {
            found("services[\(service.tag)]: removed", needsGeneration: true)
        }
        for service in new.services {
            if let earlier = before[service.tag] {
                compare(earlier, service, at: "services[\(service.tag)]")
            } else {
                found("services[\(service.tag)]: added", needsGeneration: true)
            }
        }
    }

    private mutating func compare(_ old: ServiceConfiguration, _ new: ServiceConfiguration, at path: String) {
        note(
            "\(path).listen", old.listener.address.text, new.listener.address.text, needsGeneration: true)
        note(
            "\(path).listen_port", "\(old.listener.port)", "\(new.listener.port)", needsGeneration: true)
        note("\(path).tcp_keep_alive", ifChanged: old.listener.keepAlive, new.listener.keepAlive)
        note("\(path).credential_path", old.credentialPath, new.credentialPath)
        note("\(path).usages_path", old.usagesPath ?? "none", new.usagesPath ?? "none")
        compareUsers(old.users, new.users, at: "\(path).users")
        compareHeaders(old.headers, new.headers, at: "\(path).headers")
        note("\(path).detour", old.detour ?? "none", new.detour ?? "none", needsGeneration: true)
        note("\(path).tls", ifChanged: old.tls, new.tls, needsGeneration: true)
    }

    private mutating func compareUsers(
        _ old: [ServiceConfiguration.User], _ new: [ServiceConfiguration.User], at path: String
    ) {
        let before = Dictionary(old.map { ($0.name, $0.digest) }) { first, _ in first }
        let after = Dictionary(new.map { ($0.name, $0.digest) }) { first, _ in first }
        noteParts(
            path, added: new.map(\.name).filter { before[$0] == nil },
            removed: old.map(\.name).filter { after[$0] == nil },
            changed: new.filter { before[$0.name] != nil && before[$0.name] != $0.digest }
                .map { "the token of \($0.name)" })
    }

    private mutating func compareHeaders(
        _ old: [ServiceConfiguration.HeaderOverride], _ new: [ServiceConfiguration.HeaderOverride], at path: String
    ) {
        let before = Dictionary(old.map { ($0.name, $0.values) }) { first, _ in first }
        let after = Dictionary(new.map { ($0.name, $0.values) }) { first, _ in first }
        noteParts(
            path, added: new.map(\.name).filter { before[$0] == nil },
            removed: old.map(\.name).filter { after[$0] == nil },
            changed: new.map(\.name).filter { before[$0] != nil && before[$0] != after[$0] })
    }

    private mutating func noteParts(_ path: String, added: [String], removed: [String], changed: [String]) {
        let parts = [(added, "added"), (removed, "removed"), (changed, "changed")].filter { !$0.0.isEmpty }
            .map { "\(Self.list($0.0)) \($0.1)" }
        if !parts.isEmpty { found("\(path): \(parts.joined(separator: ", "))", needsGeneration: false) }
    }

    /// At most ten are named.
    private static func list(_ names: [String]) -> String {
        let last = names.count > 10 ? "\(names.count - 9) more" : names.last ?? ""
        let others = names.dropLast(names.count > 10 ? names.count - 9 : 1)
        return others.isEmpty ? last : "\(others.joined(separator: ", ")) and \(last)"
    }
}
