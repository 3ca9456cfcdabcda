internal import COpenSSL

/// The newest resumable session of each host, so that the next connection needs no full handshake.
///
/// A session stands for the certificate check that was made for its host, by the context that owns this cache; it is
/// never offered to another host or by another context.
struct SessionCache {
    /// Hosts come from the configuration and are few; the bound is for the case that they are not.
    private static let capacity = 256

    private var sessions: [String: Session] = [:]

    /// The session to offer to the host, unless there is none or it has been invalidated by a fatal alert.
    subscript(host: String) -> Session? {
        guard let session = sessions[host], unsafe SSL_SESSION_is_resumable(session.pointer) == 1 else { return nil }
        return session
    }

    mutating func keep(_ session: Session, for host: String) {
        if sessions.count >= SessionCache.capacity, sessions[host] == nil, let other = sessions.keys.randomElement() {
            sessions[other] = nil
        }
        sessions[host] = session
    }
}
