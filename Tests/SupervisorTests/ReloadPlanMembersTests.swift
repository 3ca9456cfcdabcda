import Testing

@testable import ocm_supervisor

/// A member of the configuration that the plan forgets would be a change that a reload calls none.
@Suite struct ReloadPlanMembersTests {
    private typealias Change = (inout Configuration) -> Void

    /// For each member of a value another value than that of the sample; nil for those that no reload has to take.
    private func check(_ value: Any, _ changes: [String: Change?]) throws {
        let old = try Samples.read(Samples.whole)
        let members = Set(Mirror(reflecting: value).children.compactMap(\.label))
        #expect(members == Set(changes.keys), "\(type(of: value)): a member has no case here, or is none any more")
        for (name, change) in changes {
            guard let change else { continue }
            var new = old
            change(&new)
            #expect(new != old, "\(name): nothing is changed")
            let plan = ReloadPlan(from: old, to: new)
            #expect(!plan.isEmpty, "\(type(of: value)).\(name) is forgotten")
        }
    }

    private let elsewhere = BaseURL(isEncrypted: true, host: "elsewhere.example", port: 443, path: "")

    @Test func eachOfTheConfigurationIsCompared() throws {
        try check(
            try Samples.read(Samples.whole),
            [
                // Where it was read from, and what was said of it.
                "file": nil, "warnings": nil,
                "log": { $0.log.level = .warn }, "services": { $0.services = [] }, "outbounds": { $0.outbounds = [] },
                "trust": { $0.trust.systemStore.toggle() }, "workers": { $0.workers += 1 },
                "workerUser": { $0.workerUser = "other" }, "stateDirectory": { $0.stateDirectory = "/other" },
                "adminSocket": { $0.adminSocket = "/other" },
                // Whether it can be done without (StartUp): the path says where.
                "namesAdminSocket": nil, "drainTimeout": { $0.drainTimeout = nil },
                "stopTimeout": { $0.stopTimeout = .seconds(1) }, "websockets": { $0.websockets.toggle() },
                "trustedProxies": { $0.trustedProxies = [AddressRange(network: .loopback, prefix: 32)] },
                "endpoints": { [elsewhere] in $0.endpoints.oauth = elsewhere }, "pricingPath": { $0.pricingPath = nil },
                "limits": { $0.limits.headFields = 1 }, "timeouts": { $0.timeouts.idle = .seconds(1) },
            ])
    }

    @Test func eachOfTheLogIsCompared() throws {
        try check(
            Configuration.Log(),
            [
                "disabled": { $0.log.disabled.toggle() }, "level": { $0.log.level = .error },
                "output": { $0.log.output = .standardOutput }, "timestamp": { $0.log.timestamp.toggle() },
                "format": { $0.log.format = .text }, "access": { $0.log.access.toggle() },
            ])
    }

    @Test func eachOfTheTrustAndTheEndpointsIsCompared() throws {
        try check(
            Configuration.Trust(),
            [
                "systemStore": { $0.trust.systemStore.toggle() }, "certificates": { $0.trust.certificates = ["x"] },
                "files": { $0.trust.files = [] }, "directories": { $0.trust.directories = ["/x"] },
            ])
        try check(
            Configuration.Endpoints(),
            [
                "chatgpt": { [elsewhere] in $0.endpoints.chatgpt = elsewhere },
                "openai": { [elsewhere] in $0.endpoints.openai = elsewhere },
                "oauth": { [elsewhere] in $0.endpoints.oauth = elsewhere },
            ])
    }

    @Test func eachLimitIsCompared() throws {
        try check(
            Configuration.Limits(),
            [
                "headBytes": { $0.limits.headBytes = 1 }, "headFields": { $0.limits.headFields = 1 },
                "bodyBytes": { $0.limits.bodyBytes = 1 }, "replayBody": { $0.limits.replayBody = 1 },
                "buffers": { $0.limits.buffers = 1 }, "connections": { $0.limits.connections = .atMost(1) },
                "connectionsPerAddress": { $0.limits.connectionsPerAddress = 1 },
                "requestsPerUser": { $0.limits.requestsPerUser = 1 },
                "websocketsPerUser": { $0.limits.websocketsPerUser = 1 },
                "websocketMessage": { $0.limits.websocketMessage = 1 }, "h2Streams": { $0.limits.h2Streams = 1 },
                "memory": { $0.limits.memory = 1 },
            ])
    }

    @Test func eachTimeoutIsCompared() throws {
        try check(
            Configuration.Timeouts(),
            [
                "head": { $0.timeouts.head = .seconds(1) }, "idle": { $0.timeouts.idle = .seconds(1) },
                "bodyStall": { $0.timeouts.bodyStall = .seconds(1) },
                "writeStall": { $0.timeouts.writeStall = .seconds(1) },
                "handshake": { $0.timeouts.handshake = .seconds(1) },
                "upstreamConnect": { $0.timeouts.upstreamConnect = .seconds(1) },
                "upstreamSilence": { $0.timeouts.upstreamSilence = .seconds(1) },
                "websocketPing": { $0.timeouts.websocketPing = .seconds(1) },
            ])
    }

    @Test func eachOfAServiceIsCompared() throws {
        let service = try #require(try Samples.read(Samples.whole).services.first)
        try check(
            service,
            [
                // Its place in the file.
                "index": nil,
                "tag": { $0.services[0].tag = "other" }, "listener": { $0.services[0].listener.port = 1 },
                "credentialPath": { $0.services[0].credentialPath = "/other" },
                "usagesPath": { $0.services[0].usagesPath = nil }, "users": { $0.services[0].users = [] },
                "headers": { $0.services[0].headers = [] }, "detour": { $0.services[0].detour = "other" },
                "tls": {
                    $0.services[0].tls = ServerTLSConfiguration(certificate: .file("/c"), key: .file("/k"))
                },
            ])
        try check(
            service.users[0],
            [
                "name": { $0.services[0].users[0].name = "other" },
                "digest": { $0.services[0].users[0].digest = $0.services[0].users[1].digest },
            ])
        try check(
            service.headers[0],
            [
                "name": { $0.services[0].headers[0].name = "Other" },
                "values": { $0.services[0].headers[0].values = ["other"] },
            ])
        try check(
            service.listener,
            [
                "address": { $0.services[0].listener.address = .loopback },
                "port": { $0.services[0].listener.port = 1 }, "keepAlive": { $0.services[0].listener.keepAlive = nil },
                // Not supported yet: a configuration with one of them is refused.
                "bindInterface": nil, "routingMark": nil, "networkNamespace": nil, "fastOpen": nil, "multipath": nil,
            ])
    }
}
