import OCMEventLoop
import OCMIPC
import Testing

@testable import ocm_supervisor

/// What a worker may say: an honest one everything that it has reason to, any other no more than that.
@Suite struct WorkerConductTests {
    private let start = Instant(nanoseconds: 1_000_000_000_000)
    private let time = Timestamp(seconds: 1_795_000_000)

    private var configuration: WorkerConfiguration { ConductSamples.configuration(generation: 7) }

    /// One that serves, having been told of the service "work" with the users "alice" and "bob".
    private func serving() throws -> WorkerConduct {
        var conduct = WorkerConduct(isOrphan: false, at: start)
        try say(.hello(Hello(build: "1")), to: &conduct)
        conduct.note(.configure(configuration))
        try say(.ready(generation: 7), to: &conduct)
        return conduct
    }

    private func orphan() throws -> WorkerConduct {
        var conduct = WorkerConduct(isOrphan: true, at: start)
        try say(.hello(Hello(build: "1")), to: &conduct)
        try say(.listener(service: "work"), to: &conduct)
        try say(.ready(generation: 3), to: &conduct)
        return conduct
    }

    @discardableResult
    private func say(
        _ message: WorkerMessage, to conduct: inout WorkerConduct, after seconds: Double = 0
    ) throws(WorkerConduct.Violation) -> WorkerMessage {
        try conduct.take(message, at: start + .milliseconds(Int64(seconds * 1000)), time: time)
    }

    private func expect(
        _ violation: WorkerConduct.Violation, _ message: WorkerMessage, by conduct: WorkerConduct,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var conduct = conduct
        #expect(throws: violation, sourceLocation: sourceLocation) { try say(message, to: &conduct) }
    }

    private func record(_ service: String = "work", _ user: String = "alice") -> UsageRecord {
        ConductSamples.record(service, user, time: time.seconds)
    }

    @Test func aWorkerSaysHelloThenReadyThenServes() throws {
        var conduct = try serving()
        #expect(conduct.state == .serving && conduct.confirmed == 7)
        conduct.note(.drain(milliseconds: 1))
        #expect(conduct.state == .draining)
        try say(.drained, to: &conduct)
    }

    @Test func nothingIsSaidInTheWrongState() throws {
        let fresh = WorkerConduct(isOrphan: false, at: start)
        for message in ConductSamples.all where message.kind != .hello {
            expect(.notPermitted(message.kind, .started), message, by: fresh)
        }
        let serving = try serving()
        for message in [WorkerMessage.hello(Hello(build: "1")), .drained, .listener(service: "work")] {
            expect(.notPermitted(message.kind, .serving), message, by: serving)
        }
    }

    @Test(arguments: [UInt8(0), 3, 255]) func aVersionThatIsNotUnderstoodIsAnOrphansAlone(_ version: UInt8) throws {
        let hello = WorkerMessage.hello(Hello(version: version, build: "x"))
        guard Neighbour(version: version) == .stranger else { return }
        expect(.foreignVersion(version), hello, by: WorkerConduct(isOrphan: false, at: start))
        var orphan = WorkerConduct(isOrphan: true, at: start)
        try say(hello, to: &orphan)
        #expect(orphan.state == .serving && orphan.neighbour == .stranger)
    }

    @Test func onlyAConfigurationThatWasSentIsConfirmedAndOnlyOnce() throws {
        var conduct = try serving()
        expect(.unasked(.ready), .ready(generation: 7), by: conduct)
        expect(.unasked(.ready), .ready(generation: 8), by: conduct)
        conduct.note(.configure(ConductSamples.configuration(generation: 8)))
        conduct.note(.configure(ConductSamples.configuration(generation: 9)))
        try say(.ready(generation: 9), to: &conduct)
        expect(.unasked(.ready), .ready(generation: 8), by: conduct)
        #expect(conduct.confirmed == 9)
    }

    @Test func aPongAnswersAPing() throws {
        var conduct = try serving()
        let pong = WorkerMessage.pong(WorkerLoad(connections: 0, exchanges: 0))
        expect(.unasked(.pong), pong, by: conduct)
        conduct.note(.ping)
        try say(pong, to: &conduct)
        expect(.unasked(.pong), pong, by: conduct)
    }

    @Test func usageIsOfServicesAndUsersThatTheWorkerWasToldOf() throws {
        var conduct = try serving()
        try say(.usage(sequence: 1, [record(), record("work", "bob"), record("open", "")]), to: &conduct)
        expect(.unknown(.service, "other"), .usage(sequence: 4, [record("other")]), by: conduct)
        expect(.unknown(.user, "eve"), .usage(sequence: 4, [record(), record("work", "eve")]), by: conduct)
        expect(.unknown(.user, ""), .usage(sequence: 4, [record("work", "")]), by: conduct)
        expect(.unknown(.user, "alice"), .usage(sequence: 4, [record("open", "alice")]), by: conduct)
    }

    @Test func whatAReloadHasRemovedMayStillBeReported() throws {
        var conduct = try serving()
        conduct.note(.configure(ConductSamples.configuration(generation: 8, users: ["carol"])))
        try say(.usage(sequence: 1, [record(), record("work", "carol")]), to: &conduct)
    }

    @Test func anOrphanSpeaksOfWhatItsSupervisorToldItWithinBounds() throws {
        var conduct = try orphan()
        for number in UInt64(1)...10_000 {
            try say(.usage(sequence: 500 + number, [record("former", "u\(number)")]), to: &conduct)
        }
        try say(.usage(sequence: 10_501, [record("former", "u1")]), to: &conduct)
        #expect(throws: WorkerConduct.Violation.tooManyNames) {
            try say(.usage(sequence: 10_502, [record("former", "another")]), to: &conduct)
        }
    }

    @Test func hostsAndServicesAreConfiguredOnes() throws {
        let conduct = try serving()
        expect(.unknown(.host, "evil.example"), .resolve(host: "evil.example"), by: conduct)
        expect(.unknown(.service, "x"), .credentialRejected(service: "x", generation: 1), by: conduct)
        let seen = SeenLimits(generation: 1, time: 2, limits: RateLimits())
        expect(.unknown(.service, "x"), .limits(service: "x", seen), by: conduct)
    }

    @Test(arguments: ConductSamples.limited) func whatIsSaidOnceASecondIsNotSaidWithoutEnd(_ message: WorkerMessage)
        throws
    {
        var honest = try serving()
        for second in 0..<5000 { try say(message, to: &honest, after: Double(second)) }
        // A supervisor that has stood still for ten minutes finds them all at once.
        for _ in 0..<600 { try say(message, to: &honest, after: 5000) }
        var flooding = try serving()
        #expect(throws: WorkerConduct.Violation.tooOften(message.kind)) {
            for _ in 0..<2000 { try say(message, to: &flooding, after: 1) }
        }
    }

    @Test func numbersFollowEachOther() throws {
        var conduct = try serving()
        expect(.outOfOrder(expected: 1, found: 2), .usage(sequence: 2, [record()]), by: conduct)
        expect(.outOfOrder(expected: 1, found: 0), .usage(sequence: 0, [record()]), by: conduct)
        expect(.outOfOrder(expected: 1, found: 1), .usage(sequence: 1, []), by: conduct)
        try say(.usage(sequence: 1, [record(), record()]), to: &conduct)
        try say(.usage(sequence: 3, [record()]), to: &conduct)
        expect(.outOfOrder(expected: 4, found: 3), .usage(sequence: 3, [record()]), by: conduct)
        expect(.outOfOrder(expected: 4, found: 5), .usage(sequence: 5, [record()]), by: conduct)
        expect(.outOfOrder(expected: 4, found: .max), .usage(sequence: .max, [record()]), by: conduct)
    }

    @Test func whatWasNotAcknowledgedComesAgainWhenItIsAskedFor() throws {
        var conduct = try serving()
        for number in UInt64(1)...10 { try say(.usage(sequence: number, [record()]), to: &conduct) }
        conduct.note(.report)
        // It may have been under way before the worker heard of it.
        try say(.usage(sequence: 11, [record()]), to: &conduct)
        try say(.usage(sequence: 4, [record(), record()]), to: &conduct)
        try say(.usage(sequence: 6, [record()]), to: &conduct)
        // An acknowledgement that comes in between lets it leave some out.
        try say(.usage(sequence: 12, [record()]), to: &conduct)
        expect(.outOfOrder(expected: 13, found: 4), .usage(sequence: 4, [record()]), by: conduct)
    }

    @Test func aWorkerReportsNoMoreThanItCanHaveServed() throws {
        var conduct = try serving()
        let many = Array(repeating: record(), count: 100)
        for number in UInt64(0)..<1000 { try say(.usage(sequence: 1 + number * 100, many), to: &conduct) }
        expect(.tooManyRecords(100_001), .usage(sequence: 100_001, [record()]), by: conduct)
        try say(.usage(sequence: 100_001, [record()]), to: &conduct, after: 1)
    }

    @Test func anOrphanBeginsWhereItIsAndBringsWhatItHasKept() throws {
        var conduct = try orphan()
        let many = Array(repeating: record(), count: 100)
        for number in UInt64(0)..<2000 { try say(.usage(sequence: 5000 + number * 100, many), to: &conduct) }
        expect(.outOfOrder(expected: 205_000, found: 5000), .usage(sequence: 5000, [record()]), by: conduct)
    }

    @Test func datesThatCanNotBeAreTheTimeAtWhichTheyCome() throws {
        var conduct = try serving()
        let now = time.seconds
        let times = [now, now - 7 * 86400, now - 9 * 86400, now + 2 * 86400, .min, .max]
        let records = times.map { ConductSamples.record("work", "alice", time: $0) }
        guard case .usage(1, let taken) = try say(.usage(sequence: 1, records), to: &conduct) else { return }
        #expect(taken.map(\.time) == [now, now - 7 * 86400, now, now, now, now])
    }

    @Test func weeksWithoutEndAreNotKeptApart() throws {
        var conduct = try serving()
        var weeks: Set<Int64> = []
        for number in UInt64(1)...3000 {
            var record = record()
            record.weekStart = 60 * Int64(number)
            if case .usage(_, let taken) = try say(.usage(sequence: number, [record]), to: &conduct) {
                weeks.formUnion(taken.map(\.weekStart))
            }
        }
        #expect(weeks.count == 1001 && weeks.contains(0))
    }

    @Test func aWorkerThatDrainsSaysOnceUnaskedWhatItHasOpen() throws {
        var conduct = try serving()
        conduct.note(.drain(milliseconds: 1000))
        let pong = WorkerMessage.pong(WorkerLoad(connections: 0, exchanges: 0))
        try say(pong, to: &conduct)
        expect(.unasked(.pong), pong, by: conduct)
    }

    @Test func anOrphanHandsOverSoManyListenersAndNoMore() throws {
        var conduct = WorkerConduct(isOrphan: true, at: start)
        try say(.hello(Hello(build: "1")), to: &conduct)
        for _ in 0..<ListenerSet.countAtMost { try say(.listener(service: "work"), to: &conduct) }
        expect(.tooManyListeners, .listener(service: "work"), by: conduct)
    }
}

enum ConductSamples {
    static let all: [WorkerMessage] =
        [
            .hello(Hello(build: "1")), .ready(generation: 7), .usage(sequence: 1, [record("work", "alice", time: 0)]),
            .drained, .listener(service: "work"), .pong(WorkerLoad(connections: 0, exchanges: 0)),
        ] + limited

    static let limited: [WorkerMessage] = [
        .credentialRejected(service: "work", generation: 1), .resolve(host: "chatgpt.com"),
        .limits(service: "work", SeenLimits(generation: 1, time: 2, limits: RateLimits())),
    ]

    static func record(_ service: String, _ user: String, time: Int64) -> UsageRecord {
        UsageRecord(
            service: service, user: user, model: "gpt-5.4", serviceTier: "default", inputTokens: 1, cachedTokens: 0,
            cacheWriteTokens: 0, outputTokens: 1, reasoningTokens: 0, weekStart: 0, time: time)
    }

    static func configuration(generation: UInt64, users: [String] = ["alice", "bob"]) -> WorkerConfiguration {
        let endpoint = WorkerConfiguration.Endpoint(usesTLS: true, host: "chatgpt.com", port: 443, path: "")
        let digest = [UInt8](repeating: 1, count: 32)
        return WorkerConfiguration(
            generation: generation, log: .init(level: 2, form: 1, hasTime: true, access: false),
            limits: .init(
                headBytes: 0, headFields: 0, bodyBytes: 0, replayBody: 0, buffers: 0, connections: 0,
                connectionsPerAddress: 0, requestsPerUser: 0, webSocketsPerUser: 0, webSocketMessage: 0),
            timeouts: .init(
                head: 0, idle: 0, bodyStall: 0, writeStall: 0, handshake: 0, upstreamConnect: 0, upstreamSilence: 0,
                webSocketPing: 0),
            webSockets: true,
            services: [
                .init(
                    tag: "work", users: users.map { .init(name: $0, digest: digest) }, headers: [], chatGPT: endpoint,
                    openAI: endpoint),
                .init(tag: "open", users: [], headers: [], chatGPT: endpoint, openAI: endpoint),
            ],
            roots: [])
    }
}
