import OCMEventLoop
import OCMIPC
import Testing

/// Each field has a bound: at it a message is read, beyond it the field is named.
@Suite struct BoundsTests {
    @Test func theBoundsOfWhatAWorkerSays() {
        expectBound("build", 64) { WorkerMessage.hello(Hello(build: Samples.text($0))) }
        expectBound("service", 256) { WorkerMessage.credentialRejected(service: Samples.text($0), generation: 1) }
        expectBound("host", 255) { WorkerMessage.resolve(host: Samples.text($0)) }
        expectBound("records", WorkerMessage.recordsAtMost) {
            WorkerMessage.usage(sequence: 1, Array(repeating: Samples.smallestRecord, count: $0))
        }
    }

    @Test func theBoundsOfARecord() {
        expectRecordBound("service", 256, \.service)
        expectRecordBound("user", 1024, \.user)
        expectRecordBound("model", 384, \.model)
        expectRecordBound("serviceTier", 256, \.serviceTier)
    }

    private func expectRecordBound(_ name: StaticString, _ bound: Int, _ field: WritableKeyPath<UsageRecord, String>) {
        expectBound(name, bound) { count in
            var record = Samples.ordinaryRecord
            record[keyPath: field] = Samples.text(count)
            return WorkerMessage.usage(sequence: 1, [record])
        }
    }

    @Test func theBoundsOfLimits() {
        expectBound("service", 256) { limits(RateLimits(), service: Samples.text($0)) }
        expectBound("active limit", 64) { limits(RateLimits(activeLimit: Samples.text($0))) }
        expectBound("limits", 16) { limits(RateLimits(families: Array(repeating: .init(limit: "a"), count: $0))) }
        expectBound("limit", 64) { limits(RateLimits(families: [.init(limit: Samples.text($0))])) }
        expectBound("limit name", 128) { limits(RateLimits(families: [.init(limit: "a", name: Samples.text($0))])) }
        expectBound("balance", 32) { limits(RateLimits(credits: .init(balance: Samples.text($0)))) }
    }

    private func limits(_ limits: RateLimits, service: String = "work") -> WorkerMessage {
        .limits(service: service, SeenLimits(generation: 1, time: 2, limits: limits))
    }

    @Test func theBoundsOfWhatTheSupervisorSays() {
        expectBound("build", 64) { SupervisorMessage.hello(Hello(build: Samples.text($0))) }
        expectBound("service", 256) { SupervisorMessage.listen(service: Samples.text($0)) }
        expectBound("service", 256) {
            SupervisorMessage.credential(service: Samples.text($0), .unavailable(.absent, retryAfter: 1))
        }
        expectBound("token", 64 * 1024) {
            credential(.init(generation: 1, mode: .apiKey, token: Samples.token($0), accountID: ""))
        }
        expectBound("accountID", 256) {
            credential(.init(generation: 1, mode: .apiKey, token: Samples.token(0), accountID: Samples.text($0)))
        }
        expectBound("host", 255) { SupervisorMessage.addresses(host: Samples.text($0), []) }
        expectBound("addresses", 64) {
            SupervisorMessage.addresses(host: "a", Array(repeating: .v4(address: 1, port: 1), count: $0))
        }
        expectBound("path", 107) { SupervisorMessage.addresses(host: "a", [.unix(path: Samples.text($0))]) }
    }

    private func credential(_ credential: CredentialState.Credential) -> SupervisorMessage {
        .credential(service: "work", .available(credential))
    }

    @Test func theBoundsOfAConfiguration() {
        expectBound("services", 256) { configure(Array(repeating: Samples.openService, count: $0)) }
        expectServiceBound("tag", 256) { $0.tag = Samples.text($1) }
        expectServiceBound("user", 1024) { $0.users[1].name = Samples.text($1) }
        expectServiceBound("digest", 32) { $0.users[0].digest = Array(repeating: 0, count: $1) }
        expectServiceBound("headers", 1000) {
            $0.headers = Array(repeating: .init(name: "a", values: []), count: $1)
        }
        expectServiceBound("header", 256) { $0.headers[0].name = Samples.text($1) }
        expectServiceBound("values", 1000) { $0.headers[0].values = Array(repeating: "", count: $1) }
        expectServiceBound("value", 16 * 1024) { $0.headers[0].values[1] = Samples.text($1) }
        expectServiceBound("host", 255) { $0.chatGPT.host = Samples.text($1) }
        expectServiceBound("path", 4096) { $0.openAI.path = Samples.text($1) }
    }

    @Test func listsAndRootsBeyondTheirBoundAreRefusedByTheirCountAlone() {
        // An empty configuration ends in the count of its services and the count of its roots' bytes.
        let start = Array(encoded(configure([])).dropLast(8))
        var users = MessageEncoder()
        users.put(UInt32(1))
        users.put("work")
        users.put(UInt32(100_001))
        #expect(throws: IPCError.tooLarge(field: "users", size: 100_001)) {
            _ = try decoded(SupervisorMessage.self, .configure, start + users.bytes)
        }
        var roots = MessageEncoder()
        roots.put(UInt32(0))
        roots.put(UInt32(16 * 1024 * 1024 + 1))
        #expect(throws: IPCError.tooLarge(field: "roots", size: 16 * 1024 * 1024 + 1)) {
            _ = try decoded(SupervisorMessage.self, .configure, start + roots.bytes)
        }
    }

    @Test func aShortDigestIsRefused() {
        var service = Samples.service("work")
        service.users[0].digest.removeLast()
        #expect(throws: IPCError.invalid(field: "digest")) {
            _ = try decoded(SupervisorMessage.self, .configure, encoded(configure([service])))
        }
    }

    private func configure(_ services: [WorkerConfiguration.Service]) -> SupervisorMessage {
        .configure(Samples.configuration(services: services, roots: []))
    }

    private func expectServiceBound(
        _ field: StaticString, _ bound: Int, _ change: (inout WorkerConfiguration.Service, Int) -> Void
    ) {
        expectBound(field, bound) { count in
            var service = Samples.service("work")
            change(&service, count)
            return configure([service])
        }
    }

    private func expectBound<M: Message>(_ field: StaticString, _ bound: Int, _ message: (Int) -> M) {
        let fitting = message(bound)
        #expect(throws: Never.self, "\(field)") { _ = try decoded(M.self, fitting.kind, encoded(fitting)) }
        let large = message(bound + 1)
        #expect(throws: IPCError.tooLarge(field: field, size: bound + 1)) {
            _ = try decoded(M.self, large.kind, encoded(large))
        }
    }
}
