internal import OCMEventLoop
internal import OCMIPC
internal import OCMTLS

/// Opens connections to the API.
@EventLoop final class Dialer {
    private let addresses: AddressBook
    private var connectTimeout: Duration
    /// Nil where no endpoint needs it.
    private let security: UpstreamSecurity?
    /// Asks the supervisor for the addresses of a host.
    private let resolve: (String) -> Void
    /// When it was asked for a host last.
    private var asked: [String: Instant] = [:]
    /// It is not asked more often: an API that is away fails many dials.
    private static let askingInterval = Duration.seconds(1)

    init(
        addresses: AddressBook, timeouts: WorkerConfiguration.Timeouts, security: UpstreamSecurity?,
        resolve: @escaping (String) -> Void
    ) {
        self.addresses = addresses
        connectTimeout = timeouts.connectTime
        self.security = security
        self.resolve = resolve
    }

    func update(_ timeouts: WorkerConfiguration.Timeouts) {
        connectTimeout = timeouts.connectTime
    }

    /// Tries the host's addresses in turn, all within the connect timeout.
    func dial(_ endpoint: WorkerConfiguration.Endpoint, wakeup: Wakeup) async throws(UpstreamError) -> Transport {
        let deadline = EventLoop.now + connectTimeout
        let candidates: [SocketAddress]
        do throws(WaitError) {
            candidates = try await addresses.addresses(of: endpoint.host, port: endpoint.port, until: deadline)
        } catch {
            ask(for: endpoint.host)
            throw error == .cancelled ? .cancelled : .unresolved(host: endpoint.host)
        }
        var failure = UpstreamError.unresolved(host: endpoint.host)
        for (index, address) in candidates.enumerated() {
            // An address that swallows packets must not use up the time of the others.
            let share = EventLoop.now + (deadline - EventLoop.now) / (candidates.count - index)
            do throws(UpstreamError) {
                return try await connect(to: address, endpoint, until: min(share, deadline), wakeup)
            } catch .cancelled {
                throw .cancelled
            } catch .exhausted(let error) {
                throw .exhausted(error)
            } catch {
                failure = error
            }
        }
        ask(for: endpoint.host)
        throw failure
    }

    private func ask(for host: String) {
        if let last = asked[host], EventLoop.now - last < Self.askingInterval { return }
        asked[host] = EventLoop.now
        resolve(host)
    }

    private func connect(
        to address: SocketAddress, _ endpoint: WorkerConfiguration.Endpoint, until deadline: Instant, _ wakeup: Wakeup
    ) async throws(UpstreamError) -> Transport {
        let socket: StreamSocket
        do throws(SystemError) {
            socket = try await StreamSocket.connect(to: address, until: deadline, wakeup: wakeup)
        } catch {
            throw error.isExhaustion ? .exhausted(error) : .connect(address, error)
        }
        guard endpoint.usesTLS else { return .plain(socket) }
        guard let security else {
            socket.close()
            throw .handshake(address, .certificate(.unknownAuthority))
        }
        do throws(TLSError) {
            return .tls(try await security.handshake(on: socket, host: endpoint.host, until: deadline))
        } catch {
            throw error == .cancelled ? .cancelled : .handshake(address, error)
        }
    }
}

extension WorkerConfiguration.Timeouts {
    fileprivate var connectTime: Duration {
        upstreamConnect == 0 ? .seconds(365 * 86400) : .milliseconds(Int64(clamping: upstreamConnect))
    }
}
