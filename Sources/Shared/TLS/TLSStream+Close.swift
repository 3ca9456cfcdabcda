internal import COpenSSL
internal import OCMEventLoop

extension TLSStream {
    /// Tells the peer that nothing more comes: close_notify, then FIN. For when all is written: what a blocked write left
    /// over is lost, and the peer sees a connection that was cut.
    package func shutdownSending() {
        sendCloseNotify()
        socket.shutdownSending()
    }

    /// Closes the connection in due form, without waiting for the peer's close_notify (RFC 8446, 6.1).
    package func close() {
        sendCloseNotify()
        socket.close()
    }

    /// Once, and only where the peer can make sense of it: not into a handshake, not behind half a record, not on a
    /// connection that has failed.
    private func sendCloseNotify() {
        guard socket.isOpen, socket.mayWrite, unfinishedWrite.isEmpty, writeFailure == nil,
            unsafe SSL_is_init_finished(connection.pointer) == 1,
            unsafe SSL_get_shutdown(connection.pointer) & SSL_SENT_SHUTDOWN == 0
        else { return }
        if case .failure = ending { return }
        prepareCall()
        unsafe SSL_shutdown(connection.pointer)
    }
}
