internal import COpenSSL
package import OCMEventLoop

extension TLSStream {
    /// Secures the connection as a client: the peer must prove to be `host`, a DNS name or an IP literal (RFC 6125, names
    /// in the certificate's subjectAltName only). Closes the socket when it throws.
    package func handshake(host: String, until deadline: Instant) async throws(TLSError) {
        do {
            try expect(host)
            unsafe SSL_set_connect_state(connection.pointer)
            try await shakeHands(until: deadline)
        } catch {
            socket.close()
            throw error
        }
    }

    private func shakeHands(until deadline: Instant) async throws(TLSError) {
        while true {
            prepareCall()
            let result = unsafe SSL_do_handshake(connection.pointer)
            if result == 1 { return }
            switch stop(result) {
            case .wantsRead: try await wait { () throws(WaitError) in try await socket.readable(until: deadline) }
            case .wantsWrite: try await wait { () throws(WaitError) in try await socket.writable(until: deadline) }
            case .closeNotify, .failure(.truncated): throw .closed
            case .failure(.system(let error)): throw .system(error)
            case .failure(.tls(let error)): throw error
            }
        }
    }

    private func wait(_ body: () async throws(WaitError) -> Void) async throws(TLSError) {
        do {
            try await body()
        } catch {
            throw error == .cancelled ? .cancelled : .timedOut
        }
    }

    /// Names the peer: in the ClientHello (SNI, RFC 6066: names only), in what its certificate must say, and in the
    /// session that is offered.
    private func expect(_ host: String) throws(TLSError) {
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        guard !name.isEmpty, !name.utf8.contains(0) else { throw .invalidHost }
        let parameters = unsafe SSL_get0_param(connection.pointer)
        if SocketAddress(literal: name, port: 0) != nil {
            let literal = String(name.prefix { $0 != "%" })
            guard unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, literal) == 1 else { throw .invalidHost }
        } else {
            unsafe X509_VERIFY_PARAM_set_hostflags(
                parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
            guard unsafe X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1,
                unsafe ocm_ssl_set_server_name(connection.pointer, name) == 1
            else { throw .invalidHost }
        }
        self.host = name
        if let session = context.session(for: name) {
            unsafe SSL_set_session(connection.pointer, session.pointer)
        }
    }
}
