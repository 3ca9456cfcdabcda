internal import Glibc

/// Saying something whole, and parting so that it is heard.
extension StreamSocket {
    /// Writes all of `bytes`. Throws a `SystemError`, or a `WaitError` where the peer has not taken them by then.
    package func writeAll(_ bytes: [UInt8], until deadline: Instant) async throws {
        try await writeAll(count: bytes.count, until: deadline) { position throws(SystemError) in
            try write(bytes.span.extracting(droppingFirst: position))
        }
    }

    /// As ``writeAll(_:until:)``, of bytes that are somewhere else: `write` writes from a position on, and returns how much
    /// that was.
    package func writeAll(
        count: Int, until deadline: Instant, _ write: (_ position: Int) throws(SystemError) -> Int
    ) async throws {
        var position = 0
        while true {
            position += try write(position)
            if position >= count { return }
            try await writable(until: deadline)
        }
    }

    /// Closes the socket when the peer has closed its side, or has sent `limit` bytes more, or the deadline has come. A
    /// socket that is closed with unread bytes in it resets the connection, and what was last written may be lost with it.
    package func closeLingering(dropping limit: Int, until deadline: Instant) async {
        defer { close() }
        shutdownSending()
        var dropped = 0
        do {
            while dropped < limit {
                switch try drop() {
                case .bytes(let count): dropped += count
                case .end: return
                case .wouldBlock: try await readable(until: deadline)
                }
            }
        } catch {
            // The peer is gone, or does not go: it has had its time.
        }
    }

    /// Reads what nobody is to see.
    private func drop() throws(SystemError) -> ReadOutcome {
        let outcome: Result<ReadOutcome, SystemError> = unsafe withUnsafeTemporaryAllocation(
            byteCount: 16 << 10, alignment: 1
        ) { space in
            defer { if let start = space.baseAddress { unsafe explicit_bzero(start, space.count) } }
            do throws(SystemError) { return .success(try unsafe read(into: space)) } catch { return .failure(error) }
        }
        return try outcome.get()
    }
}
