internal import COpenSSL
internal import OCMEventLoop

/// The way of OpenSSL's bytes to a ``StreamSocket`` (BIO_meth_new(3)).
///
/// OpenSSL's own socket BIO would do, but calls the system behind the socket's back: this one leaves the socket knowing
/// what is drained and what is blocked, and so saves the read that would only say "nothing more" after every record.
@safe @EventLoop enum SocketBIO {
    private static let method: OpaquePointer? = {
        let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
        guard let method = unsafe BIO_meth_new(type, "stream socket") else { return nil }
        // The compiler lets no pointer pass from C's side to the loop's, though they are one thread: addresses do.
        unsafe BIO_meth_set_read(method) { bio, space, count in
            guard let stream = unsafe SocketBIO.owner(of: bio) else { return -1 }
            let address = UInt(bitPattern: space)
            let outcome = EventLoop.assumeIsolated {
                let start = unsafe UnsafeMutableRawPointer(bitPattern: address)
                return unsafe stream.receive(into: UnsafeMutableRawBufferPointer(start: start, count: Int(count)))
            }
            return unsafe SocketBIO.result(outcome, bio, BIO_FLAGS_READ)
        }
        unsafe BIO_meth_set_write(method) { bio, bytes, count in
            guard let stream = unsafe SocketBIO.owner(of: bio) else { return -1 }
            let address = UInt(bitPattern: bytes)
            let outcome = EventLoop.assumeIsolated {
                let start = unsafe UnsafeRawPointer(bitPattern: address)
                return unsafe stream.send(UnsafeRawBufferPointer(start: start, count: Int(count)))
            }
            return unsafe SocketBIO.result(outcome, bio, BIO_FLAGS_WRITE)
        }
        unsafe BIO_meth_set_ctrl(method) { bio, command, _, _ in
            switch command {
            case BIO_CTRL_FLUSH: return 1
            case BIO_CTRL_EOF:
                guard let stream = unsafe SocketBIO.owner(of: bio) else { return 0 }
                return EventLoop.assumeIsolated { stream.sawEnd } ? 1 : 0
            default: return 0
            }
        }
        return unsafe method
    }()

    /// What a call on the socket came to.
    enum Outcome {
        case bytes(Int)
        case wouldBlock
        case end
        case failure
    }

    /// Lets the connection read from and write to the stream's socket. The stream must outlive the connection.
    static func attach(_ stream: TLSStream, to connection: borrowing ConnectionHandle) -> Bool {
        guard let bio = unsafe BIO_new(method) else { return false }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(stream).toOpaque())
        unsafe BIO_set_init(bio, 1)
        unsafe SSL_set_bio(connection.pointer, bio, bio)
        return true
    }

    private nonisolated static func owner(of bio: OpaquePointer?) -> TLSStream? {
        guard let data = unsafe BIO_get_data(bio) else { return nil }
        return unsafe Unmanaged<TLSStream>.fromOpaque(data).takeUnretainedValue()
    }

    /// The outcome as OpenSSL is told it.
    private nonisolated static func result(_ outcome: Outcome, _ bio: OpaquePointer?, _ direction: Int32) -> Int32 {
        unsafe BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY)
        switch outcome {
        case .bytes(let count): return Int32(truncatingIfNeeded: count)
        case .end: return 0
        case .failure: return -1
        case .wouldBlock:
            unsafe BIO_set_flags(bio, direction | BIO_FLAGS_SHOULD_RETRY)
            return -1
        }
    }
}
