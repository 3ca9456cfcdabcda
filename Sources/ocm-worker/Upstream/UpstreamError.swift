internal import OCMEventLoop
internal import OCMTLS

/// Why the API could not be reached or did not answer as it should. For the log; clients get no detail.
enum UpstreamError: Error {
    case unresolved(host: String)
    case connect(SocketAddress, SystemError)
    case handshake(SocketAddress, TLSError)
    /// The process or the system has run out of descriptors, ports or memory.
    case exhausted(SystemError)
    case timedOut
    case cancelled
}

extension UpstreamError: CustomStringConvertible {
    var description: String {
        switch self {
        case .unresolved(let host): "no address is known for \(host)"
        case .connect(let address, let error): "\(address): \(error)"
        case .handshake(let address, let reason): "\(address): TLS handshake: \(reason)"
        case .exhausted(let error): "\(error)"
        case .timedOut: "timed out"
        case .cancelled: "cancelled"
        }
    }
}
