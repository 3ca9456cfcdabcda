import Glibc
import OCMIPC
import OCMLogging
import OCMTLS

extension WorkerConfiguration {
    /// What workers need to know of a configuration.
    ///
    /// - Parameters:
    ///   - roots: trusted certificates in PEM.
    ///   - logForm: that of the log where it goes.
    init(_ configuration: Configuration, generation: UInt64, roots: [UInt8], logForm: LogForm) {
        let log = configuration.log
        self.init(
            generation: generation,
            log: Log(
                level: log.loggerLevelIndex, form: logForm.rawValue, hasTime: log.timestamp,
                access: log.access && !log.disabled),
            limits: Limits(configuration.limits), timeouts: Timeouts(configuration.timeouts),
            webSockets: configuration.websockets,
            services: configuration.services.map { Service($0, configuration.endpoints) }, roots: roots)
    }
}

extension WorkerConfiguration.Service {
    fileprivate init(_ service: ServiceConfiguration, _ endpoints: Configuration.Endpoints) {
        self.init(
            tag: service.tag,
            users: service.users.map { WorkerConfiguration.User(name: $0.name, digest: $0.digest.bytes) },
            headers: service.headers.map { WorkerConfiguration.Header(name: $0.name, values: $0.values) },
            chatGPT: WorkerConfiguration.Endpoint(endpoints.chatgpt),
            openAI: WorkerConfiguration.Endpoint(endpoints.openai))
    }
}

extension WorkerConfiguration.Endpoint {
    fileprivate init(_ url: BaseURL) {
        self.init(usesTLS: url.isEncrypted, host: url.host, port: url.port, path: url.path)
    }
}

extension WorkerConfiguration.Limits {
    fileprivate init(_ limits: Configuration.Limits) {
        self.init(
            headBytes: UInt64(limits.headBytes ?? 0), headFields: UInt64(limits.headFields ?? 0),
            bodyBytes: UInt64(limits.bodyBytes ?? 0), replayBody: UInt64(limits.replayBody),
            buffers: UInt64(limits.buffers ?? 0), connections: Self.connections(limits.connections),
            connectionsPerAddress: UInt64(limits.connectionsPerAddress ?? 0),
            requestsPerUser: UInt64(limits.requestsPerUser ?? 0),
            webSocketsPerUser: UInt64(limits.websocketsPerUser ?? 0),
            webSocketMessage: UInt64(limits.websocketMessage ?? 0))
    }

    private static func connections(_ connections: Configuration.Limits.Connections) -> UInt64 {
        switch connections {
        case .unlimited: return 0
        case .atMost(let count): return UInt64(count)
        case .halfOfDescriptors:
            var limit = rlimit()
            guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 512 }
            return UInt64(limit.rlim_max / 2)
        }
    }
}

extension WorkerConfiguration.Timeouts {
    fileprivate init(_ timeouts: Configuration.Timeouts) {
        func milliseconds(_ duration: Duration?) -> UInt64 {
            duration.map { $0.wholeMilliseconds } ?? 0
        }
        self.init(
            head: milliseconds(timeouts.head), idle: milliseconds(timeouts.idle),
            bodyStall: milliseconds(timeouts.bodyStall), writeStall: milliseconds(timeouts.writeStall),
            handshake: milliseconds(timeouts.handshake), upstreamConnect: milliseconds(timeouts.upstreamConnect),
            upstreamSilence: milliseconds(timeouts.upstreamSilence),
            webSocketPing: milliseconds(timeouts.websocketPing))
    }
}
