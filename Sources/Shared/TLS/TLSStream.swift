internal import COpenSSL
package import OCMEventLoop

/// TLS on a connected socket.
///
/// After ``handshake(host:until:)`` it is read and written like the socket itself, most conveniently as a ``Transport``.
/// What OpenSSL holds back is part of its readiness: ``mayRead`` is true while decrypted or undecrypted bytes wait inside,
/// though the socket is empty.
@safe @EventLoop package final class TLSStream {
    package let socket: StreamSocket
    let context: TLSContext
    let connection: ConnectionHandle
    /// The key of this connection's sessions in the context's cache.
    var host: String?

    /// The last read ended because its buffer was full, or with something to tell at the next.
    var holdsMore = true
    /// What a call waits for that is not its own direction: a read that must write first (a key update's answer), or the
    /// other way round.
    var readWantsWrite = false
    var writeWantsRead = false
    /// How the receiving side has ended, once it has.
    var ending: Ending?
    /// A record that OpenSSL has encrypted and the socket not taken whole; its bytes count as not written.
    var unfinishedWrite: [UInt8] = []
    /// Bytes of it that went out later and that the caller, who does not know, will offer again.
    var writtenAhead = 0
    /// Writing has failed for good.
    var writeFailure: TransportError?

    /// Seen below TLS, by the calls that OpenSSL makes on the socket.
    var sawEnd = false
    private var socketError: SystemError?

    enum Ending {
        case closeNotify
        case failure(TransportError)
    }

    /// Takes over the socket. No byte must have been read that belongs to TLS.
    package init(_ socket: StreamSocket, context: TLSContext) throws(TLSError) {
        ERR_clear_error()
        guard let connection = context.connection() else { throw .library(ERR_peek_error()) }
        self.socket = socket
        self.context = context
        self.connection = connection
        unsafe ocm_ssl_set_owner(self.connection.pointer, Unmanaged.passUnretained(self).toOpaque())
        guard SocketBIO.attach(self, to: self.connection) else { throw .library(ERR_peek_error()) }
    }

    /// A session that can be resumed has come with what was read.
    func received(_ session: Session) {
        if let host { context.keep(session, for: host) }
    }
}

// What was agreed.
extension TLSStream {
    /// The protocol that the server chose of those offered (ALPN, RFC 7301), if it did.
    package var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        unsafe SSL_get0_alpn_selected(connection.pointer, &name, &length)
        guard let start = unsafe name, length > 0 else { return nil }
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: Int(length)), as: UTF8.self)
    }

    /// The session of an earlier connection was taken up: no certificate was sent or checked again.
    package var isResumed: Bool { unsafe SSL_session_reused(connection.pointer) == 1 }

    package var version: TLSVersion? {
        let number = unsafe SSL_version(connection.pointer)
        return TLSVersion.allCases.first { $0.number == number }
    }

    /// By OpenSSL's name; nil before the handshake.
    package var cipherSuite: String? {
        guard let cipher = unsafe SSL_get_current_cipher(connection.pointer) else { return nil }
        return unsafe String(cString: SSL_CIPHER_get_name(cipher))
    }
}

// Below TLS.
extension TLSStream {
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> SocketBIO.Outcome {
        do {
            switch try unsafe socket.read(into: buffer) {
            case .bytes(let count): return .bytes(count)
            case .wouldBlock: return .wouldBlock
            case .end:
                sawEnd = true
                return .end
            }
        } catch {
            socketError = error
            return .failure
        }
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> SocketBIO.Outcome {
        do {
            let bytes = unsafe bytes.bindMemory(to: UInt8.self)
            let count = try unsafe socket.write(bytes.span)
            return count > 0 ? .bytes(count) : .wouldBlock
        } catch {
            socketError = error
            return .failure
        }
    }

    /// Why a call of OpenSSL's did not do what it should.
    enum Stop {
        case wantsRead
        case wantsWrite
        case closeNotify
        case failure(TransportError)
    }

    /// Clears what an earlier call left, of this connection or another: the error queue is the thread's.
    func prepareCall() {
        ERR_clear_error()
        socketError = nil
    }

    /// Asks OpenSSL why it stopped (SSL_get_error(3)). `result` is what the call returned, after
    /// ``prepareCall()``.
    func stop(_ result: Int32) -> Stop {
        switch unsafe SSL_get_error(connection.pointer, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return .closeNotify
        default:
            if let socketError { return .failure(.system(socketError)) }
            if sawEnd { return .failure(.truncated) }
            let verifyResult = unsafe SSL_get_verify_result(connection.pointer)
            return .failure(.tls(.fromQueue(verifyResult: verifyResult)))
        }
    }
}
