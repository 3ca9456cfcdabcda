package import OCMEventLoop

/// A connection that bytes are read from and written to, whatever carries them: TCP as it is, or TLS on it.
///
/// Its interface is ``StreamSocket``'s, and so is its way of waiting: nothing here blocks, and whoever finds nothing to do
/// waits on ``wakeup``. It is a value of one word; a call on a plain transport is the call of the socket.
@EventLoop package enum Transport: Sendable {
    case plain(StreamSocket)
    /// After its handshake.
    case tls(TLSStream)

    /// Reads what is there, at most `buffer.count` bytes. ``ReadOutcome/end`` means that the peer has closed its sending
    /// side in due form: with TLS, by a close_notify.
    @inlinable package func read(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(TransportError) -> ReadOutcome {
        switch self {
        case .plain(let socket):
            do { return try unsafe socket.read(into: buffer) } catch { throw .system(error) }
        case .tls(let stream):
            return try unsafe stream.read(into: buffer)
        }
    }

    /// Writes what the transport takes and returns how much that was; less than all means that ``mayWrite`` is false now.
    /// What was not taken is to be offered again, first.
    @inlinable package func write(_ bytes: Span<UInt8>) throws(TransportError) -> Int {
        switch self {
        case .plain(let socket):
            do { return try socket.write(bytes) } catch { throw .system(error) }
        case .tls(let stream):
            return try stream.write(bytes)
        }
    }

    /// As ``write(_:)``, of two pieces that follow each other.
    @inlinable package func write(_ first: Span<UInt8>, _ second: Span<UInt8>) throws(TransportError) -> Int {
        switch self {
        case .plain(let socket):
            do { return try socket.write(first, second) } catch { throw .system(error) }
        case .tls(let stream):
            return try stream.write(first, second)
        }
    }
}

extension Transport {
    /// The socket underneath: for its address, options and number. Bytes go through the transport only.
    @inlinable package var socket: StreamSocket {
        switch self {
        case .plain(let socket): socket
        case .tls(let stream): stream.socket
        }
    }

    /// Signalled whenever the transport may have become readable or writable, or has failed. Two transports of one
    /// exchange share one.
    @inlinable package var wakeup: Wakeup {
        get { socket.wakeup }
        nonmutating set { socket.wakeup = newValue }
    }

    /// False only when the last read found nothing more and nothing has come since.
    @inlinable package var mayRead: Bool {
        switch self {
        case .plain(let socket): socket.mayRead
        case .tls(let stream): stream.mayRead
        }
    }

    /// False only when the last write was not taken whole and there is no room yet.
    @inlinable package var mayWrite: Bool {
        switch self {
        case .plain(let socket): socket.mayWrite
        case .tls(let stream): stream.mayWrite
        }
    }

    /// The peer has closed its sending side, or the connection has failed. Bytes may still be there to be read.
    @inlinable package var isHungUp: Bool {
        switch self {
        case .plain(let socket): socket.isHungUp
        case .tls(let stream): stream.isHungUp
        }
    }

    @inlinable package var isOpen: Bool { socket.isOpen }

    /// The read side is to be looked at again, though nothing new may have come: a turn's budget was used up.
    @inlinable package func noteReadable() { socket.noteReadable() }

    /// Suspends until the transport may be read.
    package func readable(until deadline: Instant) async throws(WaitError) {
        while !mayRead { try await wakeup.wait(until: deadline) }
    }

    /// Suspends until the transport may be written.
    package func writable(until deadline: Instant) async throws(WaitError) {
        while !mayWrite { try await wakeup.wait(until: deadline) }
    }
}

extension Transport {
    /// Tells the peer that nothing more comes: FIN, with TLS a close_notify before it. For when all is written.
    @inlinable package func shutdownSending() {
        switch self {
        case .plain(let socket): socket.shutdownSending()
        case .tls(let stream): stream.shutdownSending()
        }
    }

    /// Closes the connection in due form, without waiting for the peer.
    @inlinable package func close() {
        switch self {
        case .plain(let socket): socket.close()
        case .tls(let stream): stream.close()
        }
    }

    /// Ends the connection so that the peer can't take what it got for all: a reset, and no close_notify.
    @inlinable package func closeWithReset() { socket.closeWithReset() }
}
