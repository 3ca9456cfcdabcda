package import OCMEventLoop

/// What the supervisor says to a worker.
package enum SupervisorMessage: Message {
    case hello(Hello)
    /// Everything that a worker serves by, to be answered with `ready`. One that serves already takes of it what can change
    /// under way: users, headers, limits, timeouts and what it logs.
    case configure(WorkerConfiguration)
    /// A listening socket for the service, which comes as the descriptor.
    case listen(service: String)
    /// The service's credential, or why there is none now.
    case credential(service: String, CredentialState)
    /// What a configured host's name means now; empty where it could not be resolved.
    case addresses(host: String, [SocketAddress])
    /// All usage records up to this number are on disk.
    case acknowledge(sequence: UInt64)
    /// Accept no more, finish what is open, then say `drained`. What is open after so many milliseconds is cut.
    case drain(milliseconds: UInt64)
    /// Send all usage records again that are not acknowledged: for some there was no room, and now there is.
    case report
    /// Where to write the log from now on, which comes as the descriptor.
    case log
    /// To be answered with `pong`, at once.
    case ping
    /// This supervisor ends, and another one comes at once.
    case leave

    package enum Kind: UInt8, CaseIterable, Sendable {
        case hello = 1
        case configure, listen, credential, addresses, acknowledge, drain, report, log, ping, leave
    }

    package static let lasting: Set<Kind> = [.hello, .acknowledge, .drain]
    package static let mayBeLarge = true

    package var kind: Kind {
        switch self {
        case .hello: .hello
        case .configure: .configure
        case .listen: .listen
        case .credential: .credential
        case .addresses: .addresses
        case .acknowledge: .acknowledge
        case .drain: .drain
        case .report: .report
        case .log: .log
        case .ping: .ping
        case .leave: .leave
        }
    }

    package var descriptorCount: ClosedRange<Int> {
        switch self {
        case .listen, .log: 1...1
        default: 0...0
        }
    }

    package func encode(into encoder: inout MessageEncoder) {
        switch self {
        case .hello(let hello): hello.encode(into: &encoder)
        case .configure(let configuration): configuration.encode(into: &encoder)
        case .listen(let service): encoder.put(service)
        case .credential(let service, let state):
            encoder.put(service)
            state.encode(into: &encoder)
        case .addresses(let host, let addresses):
            encoder.put(host)
            encoder.put(addresses) { $1.encode(into: &$0) }
        case .acknowledge(let sequence): encoder.put(sequence)
        case .drain(let milliseconds): encoder.put(milliseconds)
        case .report, .log, .ping, .leave: break
        }
    }

    package init(_ kind: Kind, from decoder: inout MessageDecoder) throws(IPCError) {
        switch kind {
        case .hello: self = .hello(try Hello(from: &decoder))
        case .configure: self = .configure(try WorkerConfiguration(from: &decoder))
        case .listen: self = .listen(service: try decoder.takeString("service", atMost: Bounds.tag))
        case .credential:
            let service = try decoder.takeString("service", atMost: Bounds.tag)
            self = .credential(service: service, try CredentialState(from: &decoder))
        case .addresses:
            let host = try decoder.takeString("host", atMost: Bounds.host)
            let addresses = try decoder.takeList("addresses", atMost: 64) { decoder throws(IPCError) in
                try SocketAddress(from: &decoder)
            }
            self = .addresses(host: host, addresses)
        case .acknowledge: self = .acknowledge(sequence: try decoder.take())
        case .drain: self = .drain(milliseconds: try decoder.take())
        case .report: self = .report
        case .log: self = .log
        case .ping: self = .ping
        case .leave: self = .leave
        }
    }
}

/// The longest that fields may be, in bytes.
enum Bounds {
    static let tag = 256
    static let host = 255
    static let userName = 1024
    static let headerName = 256
    static let headerValue = 16 * 1024
    static let secret = 64 * 1024
    /// 128 bytes of which each may have become a replacement character of three.
    static let model = 384
    static let tier = 256
    static let path = 4096
    static let roots = 16 * 1024 * 1024
}
