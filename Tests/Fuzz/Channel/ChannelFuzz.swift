import FuzzSupport
import OCMEventLoop

@testable import OCMIPC
@testable import ocm_supervisor

/// One input is the life of a worker as its supervisor sees it: what it says, what it is told, and how time passes. Whatever
/// it says, what is taken from it could have come from an honest one.
@main enum ChannelFuzz: Fuzzer {
    static func test(_ input: inout Input) {
        var life = Life(isOrphan: input.byte() & 1 == 1)
        while !input.isEmpty, life.step(&input) {}
    }
}

private struct Life {
    let isOrphan: Bool
    var conduct: WorkerConduct
    var now = Instant(nanoseconds: 1 << 50)
    let start = Instant(nanoseconds: 1 << 50)
    /// What the worker was told.
    var users: Set<[String]> = []
    var hosts: Set<String> = []
    /// Those of the configurations that were sent and not confirmed yet.
    var generations: [UInt64] = []
    var reports = 0
    var pings = 0
    /// What was taken.
    var states = [WorkerState.started]
    var highest: UInt64 = 0
    var first: UInt64?
    var repeats = 0
    var pongs = 0
    var counts: [WorkerMessage.Kind: UInt64] = [:]
    var grants: UInt64 = 0

    init(isOrphan: Bool) {
        self.isOrphan = isOrphan
        conduct = WorkerConduct(isOrphan: isOrphan, at: start)
    }

    /// False where the worker is ended.
    mutating func step(_ input: inout Input) -> Bool {
        switch input.byte() % 16 {
        case 0: note(.configure(configuration(input.byte())))
        case 1:
            note(.ping)
            pings += 1
        case 2:
            note(.report)
            reports += 1
        case 3: note(.drain(milliseconds: 1))
        case 4:
            note(.credential(service: "work", .unavailable(.absent, retryAfter: 1)))
            grants += 1
        case 5: now = now + .milliseconds(Int64(clamping: input.number() % (1 << 40)))
        default: return hear(input.byte(), input.part())
        }
        return true
    }

    private mutating func note(_ message: SupervisorMessage) {
        if case .configure(let configuration) = message {
            generations.append(configuration.generation)
            for service in configuration.services {
                for name in service.users.isEmpty ? [""] : service.users.map(\.name) {
                    users.insert([service.tag, name])
                }
                hosts.insert(service.chatGPT.host)
            }
        }
        conduct.note(message)
        noteState()
    }

    private mutating func noteState() {
        if states.last != conduct.state { states.append(conduct.state) }
    }

    private mutating func hear(_ kind: UInt8, _ payload: [UInt8]) -> Bool {
        guard let kind = WorkerMessage.Kind(rawValue: kind) else { return false }
        var decoder = MessageDecoder(payload)
        guard let message = try? WorkerMessage(kind, from: &decoder), (try? decoder.end()) != nil else { return false }
        let before = conduct.state
        do throws(WorkerConduct.Violation) {
            let taken = try conduct.take(message, at: now, time: Timestamp(seconds: 1_795_000_000))
            noteState()
            check(taken, in: before)
            return true
        } catch {
            guard !"\(error)".isEmpty else { fatalError("ended without a reason") }
            return false
        }
    }

    private mutating func check(_ message: WorkerMessage, in state: WorkerState) {
        require(WorkerMessage.Kind.permitted[state]?.contains(message.kind) == true, "not in the table")
        counts[message.kind, default: 0] += 1
        switch message {
        case .hello: require(counts[.hello] == 1, "a second hello")
        case .ready(let generation):
            // What an orphan says first is what its earlier supervisor sent.
            if isOrphan && counts[.ready] == 1 { break }
            let place = generations.firstIndex(of: generation)
            require(place != nil, "never sent")
            if let place { generations.remove(at: place) }
        case .usage(let sequence, let records): check(sequence, records)
        case .credentialRejected(let service, _), .limits(let service, _):
            require(isOrphan || users.contains { $0[0] == service }, "a service that it was not told of")
            checkRate(message.kind)
        case .resolve(let host):
            require(isOrphan || hosts.contains(host), "a host that it was not told of")
            checkRate(message.kind)
        case .pong:
            pongs += 1
            // One that drains may say by itself, once, what it has cut.
            require(pongs <= pings + (states.contains(.draining) ? 1 : 0), "a pong that nobody asked for")
        case .drained: require(state == .draining, "drained, but not told to")
        case .listener: require(isOrphan && (counts[.listener] ?? 0) <= 512, "listeners")
        }
        let order: [WorkerState] = [.started, .configuring, .returning, .serving, .draining]
        let places = states.compactMap { order.firstIndex(of: $0) }
        require(places == places.sorted(), "it went back: \(states)")
    }

    private mutating func check(_ sequence: UInt64, _ records: [UsageRecord]) {
        require(!records.isEmpty && sequence > 0, "no record")
        if first == nil { (first, highest) = (isOrphan ? sequence : 1, isOrphan ? sequence - 1 : 0) }
        require(sequence <= highest + 1, "a gap")
        let last = sequence + UInt64(records.count) - 1
        let seconds = UInt64((now - start).components.seconds) + 1 + (isOrphan ? 3600 : 0)
        require(last <= highest || last - (first ?? 1) < seconds * 100_000, "more than it can have served")
        if last <= highest { repeats += 1 }
        highest = max(highest, last)
        require(repeats == 0 || reports > 0, "again, but not asked to")
        for record in records {
            require(isOrphan || users.contains([record.service, record.user]), "a user that it was not told of")
            require(abs(record.time - 1_795_000_000) <= 8 * 86400, "a time that can't be")
        }
    }

    private func checkRate(_ kind: WorkerMessage.Kind) {
        let seconds = UInt64((now - start).components.seconds) + 1
        let most = 1000 + grants + seconds * 4 * UInt64(max(1, users.count))
        require((counts[kind] ?? 0) <= most, "too often")
    }

    private func configuration(_ choice: UInt8) -> WorkerConfiguration {
        let endpoint = WorkerConfiguration.Endpoint(
            usesTLS: true, host: choice & 1 == 0 ? "chatgpt.com" : "h", port: 443, path: "")
        let users =
            choice & 2 == 0
            ? []
            : ["Ada", "alice"].prefix(Int(choice >> 2 & 1) + 1).map {
                WorkerConfiguration.User(name: $0, digest: Array(repeating: 0, count: 32))
            }
        return WorkerConfiguration(
            generation: UInt64(choice >> 4), log: .init(level: 2, form: 1, hasTime: true, access: false),
            limits: .init(
                headBytes: 0, headFields: 0, bodyBytes: 0, replayBody: 0, buffers: 0, connections: 0,
                connectionsPerAddress: 0, requestsPerUser: 0, webSocketsPerUser: 0, webSocketMessage: 0),
            timeouts: .init(
                head: 0, idle: 0, bodyStall: 0, writeStall: 0, handshake: 0, upstreamConnect: 0, upstreamSilence: 0,
                webSocketPing: 0),
            webSockets: true,
            services: [
                .init(
                    tag: choice & 8 == 0 ? "work" : "open", users: users, headers: [], chatGPT: endpoint,
                    openAI: endpoint)
            ], roots: [])
    }
}

private func require(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { fatalError(what()) }
}
