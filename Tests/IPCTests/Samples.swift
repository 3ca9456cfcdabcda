import OCMEventLoop
import OCMIPC

/// Messages of every kind, with ordinary and with extreme values.
enum Samples {
    static let supervisor: [SupervisorMessage] = [
        .hello(Hello(build: "0.1.0")),
        .hello(Hello(version: .max, build: "")),
        .configure(configuration(services: [service("work"), openService], roots: Array("-----BEGIN".utf8))),
        .configure(configuration(services: [], roots: [])),
        .listen(service: "work"),
        .credential(service: "work", .available(credential)),
        .credential(
            service: "", .available(.init(generation: 0, mode: .apiKey, token: token(0), accountID: ""))),
        .credential(service: "work", .unavailable(.absent, retryAfter: 0)),
        .credential(service: "work", .unavailable(.refreshFailing, retryAfter: 30)),
        .credential(service: "work", .unavailable(.signInNeeded, retryAfter: .max)),
        .addresses(host: "api.openai.com", addresses),
        .addresses(host: "nowhere.invalid", []),
        .acknowledge(sequence: 0),
        .acknowledge(sequence: .max),
        .drain(milliseconds: 60_000),
        .report,
        .log,
        .ping,
        .leave,
    ]

    static let worker: [WorkerMessage] = [
        .hello(Hello(build: "0.1.0")),
        .ready(generation: .max),
        .usage(sequence: 1, [ordinaryRecord, largestRecord, smallestRecord]),
        .usage(sequence: .max, []),
        .credentialRejected(service: "work", generation: 3),
        .resolve(host: "chatgpt.com"),
        .drained,
        .listener(service: "work"),
        .limits(service: "work", SeenLimits(generation: 7, time: 1_760_000_040_123, limits: limits)),
        .limits(service: "", SeenLimits(generation: .max, time: .min, limits: RateLimits())),
        .pong(WorkerLoad(connections: 0, exchanges: .max)),
    ]

    static let limits = RateLimits(
        activeLimit: "codex",
        families: [
            .init(
                limit: "codex", primary: .init(used: 3750, minutes: 300, resetAt: 1_760_000_040),
                secondary: .init(used: 0, minutes: 10080, resetAt: 1_760_500_000)),
            .init(limit: text(64), name: text(128), secondary: .init(used: .max, minutes: .max, resetAt: .min)),
            .init(limit: "", name: "", primary: .init()),
        ],
        credits: .init(isAvailable: true, isUnlimited: false, balance: text(32)))

    static func token(_ count: Int) -> TokenBytes {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        return TokenBytes(bytes.span)
    }

    static let credential = CredentialState.Credential(
        generation: .max, mode: .chatGPT, token: token(256), accountID: "räksmörgås 🦐")

    static let addresses: [SocketAddress] = [
        .v4(address: 0, port: 0),
        .v4(address: 0x7f00_0001, port: 8080),
        .v4(address: .max, port: .max),
        .v6(high: 0, low: 1, port: 443, scope: 0),
        .v6(high: 0xfe80_0000_0000_0000, low: .max, port: .max, scope: .max),
        .unix(path: "/run/ocm/api.sock"),
    ]

    static let ordinaryRecord = UsageRecord(
        service: "work", user: "ada", model: "gpt-5-codex", serviceTier: "priority", inputTokens: 12_345,
        cachedTokens: 10_000, cacheWriteTokens: 17, outputTokens: 678, reasoningTokens: 512,
        weekStart: 1_760_000_040, time: 1_760_000_099)

    static let largestRecord = UsageRecord(
        service: text(256), user: text(1024), model: text(256), serviceTier: text(256), inputTokens: .max,
        cachedTokens: .max, cacheWriteTokens: .max, outputTokens: .max, reasoningTokens: .max, weekStart: .max,
        time: .max)

    static let smallestRecord = UsageRecord(
        service: "", user: "", model: "", serviceTier: "", inputTokens: 0, cachedTokens: 0, cacheWriteTokens: 0,
        outputTokens: 0, reasoningTokens: 0, weekStart: .min, time: .min)

    static func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    static func configuration(
        services: [WorkerConfiguration.Service], roots: [UInt8]
    ) -> WorkerConfiguration {
        WorkerConfiguration(
            generation: 0x0123_4567_89ab_cdef,
            log: WorkerConfiguration.Log(level: 6, form: 2, hasTime: false, access: true),
            limits: .init(
                headBytes: 1, headFields: 2, bodyBytes: 3, replayBody: 4, buffers: 5, connections: 6,
                connectionsPerAddress: 7, requestsPerUser: .max, webSocketsPerUser: 9,
                webSocketMessage: 10),
            timeouts: .init(
                head: 8, idle: 9, bodyStall: 10, writeStall: 11, handshake: 12, upstreamConnect: 13,
                upstreamSilence: .max, webSocketPing: 11),
            webSockets: true,
            services: services, roots: roots)
    }

    static func service(_ tag: String) -> WorkerConfiguration.Service {
        WorkerConfiguration.Service(
            tag: tag,
            users: [
                .init(name: "ada", digest: [UInt8](0..<32)),
                .init(name: "Grace Höpper", digest: [UInt8](repeating: 255, count: 32)),
            ],
            headers: [
                .init(name: "x-team", values: ["one", "two"]),
                .init(name: "x-removed", values: []),
            ],
            chatGPT: .init(usesTLS: true, host: "chatgpt.com", port: 443, path: "/backend-api/codex"),
            openAI: .init(usesTLS: true, host: "api.openai.com", port: 443, path: "/v1"))
    }

    /// Nobody is asked for a token.
    static let openService = WorkerConfiguration.Service(
        tag: "open", users: [], headers: [], chatGPT: .init(usesTLS: false, host: "", port: 0, path: ""),
        openAI: .init(usesTLS: false, host: "::1", port: .max, path: ""))
}
