/// What a worker says to the supervisor.
package enum WorkerMessage: Message {
    case hello(Hello)
    /// The configuration of that generation is in force: a worker that has just started can be given listeners.
    case ready(generation: UInt64)
    /// Records, the first of which has this number, the others the following ones.
    case usage(sequence: UInt64, [UsageRecord])
    /// The API answered 401 to the credential of that generation.
    case credentialRejected(service: String, generation: UInt64)
    /// The worker wants the addresses of a configured host anew: none of them could be reached.
    case resolve(host: String)
    /// Nothing is open any more.
    case drained
    /// A listening socket for the service, which comes as the descriptor: back from a worker whose supervisor was lost, so
    /// that the next one need not bind what is bound.
    case listener(service: String)
    /// What the API has said of the limits of the service's login: when it changes, once a second at most.
    case limits(service: String, SeenLimits)
    /// The answer to `ping`: what is open.
    case pong(WorkerLoad)

    package enum Kind: UInt8, CaseIterable, Sendable {
        case hello = 1
        case ready, usage, credentialRejected, resolve, drained, listener, limits, pong
    }

    package static let lasting: Set<Kind> = [.hello, .usage, .drained]
    /// A worker makes no memory files: what it has to say fits into packets.
    package static let mayBeLarge = false

    /// The most records in one message.
    package static let recordsAtMost = 128

    package var kind: Kind {
        switch self {
        case .hello: .hello
        case .ready: .ready
        case .usage: .usage
        case .credentialRejected: .credentialRejected
        case .resolve: .resolve
        case .drained: .drained
        case .listener: .listener
        case .limits: .limits
        case .pong: .pong
        }
    }

    package var descriptorCount: ClosedRange<Int> {
        if case .listener = self { 1...1 } else { 0...0 }
    }

    package func encode(into encoder: inout MessageEncoder) {
        switch self {
        case .hello(let hello): hello.encode(into: &encoder)
        case .ready(let generation): encoder.put(generation)
        case .usage(let sequence, let records):
            encoder.put(sequence)
            encoder.put(records) { $1.encode(into: &$0) }
        case .credentialRejected(let service, let generation):
            encoder.put(service)
            encoder.put(generation)
        case .resolve(let host): encoder.put(host)
        case .drained: break
        case .listener(let service): encoder.put(service)
        case .limits(let service, let seen):
            encoder.put(service)
            seen.encode(into: &encoder)
        case .pong(let load): load.encode(into: &encoder)
        }
    }

    package init(_ kind: Kind, from decoder: inout MessageDecoder) throws(IPCError) {
        switch kind {
        case .hello: self = .hello(try Hello(from: &decoder))
        case .ready: self = .ready(generation: try decoder.take())
        case .usage:
            let sequence = try decoder.take(UInt64.self)
            let records = try decoder.takeList("records", atMost: WorkerMessage.recordsAtMost) {
                decoder throws(IPCError) in try UsageRecord(from: &decoder)
            }
            self = .usage(sequence: sequence, records)
        case .credentialRejected:
            let service = try decoder.takeString("service", atMost: Bounds.tag)
            self = .credentialRejected(service: service, generation: try decoder.take())
        case .resolve: self = .resolve(host: try decoder.takeString("host", atMost: Bounds.host))
        case .drained: self = .drained
        case .listener: self = .listener(service: try decoder.takeString("service", atMost: Bounds.tag))
        case .limits:
            let service = try decoder.takeString("service", atMost: Bounds.tag)
            self = .limits(service: service, try SeenLimits(from: &decoder))
        case .pong: self = .pong(try WorkerLoad(from: &decoder))
        }
    }
}
