package import OCMEventLoop

/// Why bytes could not be read from or written to a ``Transport``. The connection is of no more use; it is to be closed.
package enum TransportError: Error, Equatable, Sendable {
    /// A system call failed; ECONNRESET and EPIPE are the peer's doing.
    case system(SystemError)
    /// The connection ended without TLS's close_notify: somebody may have cut it, what came is not all (RFC 8446, 6.1).
    case truncated
    /// TLS itself failed: the peer sent an alert, or what came was forged or damaged.
    case tls(TLSError)
}

extension TransportError: CustomStringConvertible {
    /// For people.
    package var description: String {
        switch self {
        case .system(let error): error.description
        case .truncated: "the connection was cut: it ended without TLS's close_notify"
        case .tls(let error): error.description
        }
    }
}
