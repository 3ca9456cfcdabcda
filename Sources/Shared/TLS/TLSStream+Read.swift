internal import COpenSSL
package import OCMEventLoop

extension TLSStream {
    /// False only when the last read found nothing more and nothing has come since.
    package var mayRead: Bool {
        holdsMore || (readWantsWrite ? socket.mayWrite : socket.mayRead)
    }

    /// The peer has closed its sending side, or the connection has failed. Bytes may still be there to be read.
    package var isHungUp: Bool { ending != nil || socket.isHungUp }

    /// As ``StreamSocket/read(into:)``. ``ReadOutcome/end`` is the peer's close_notify; a connection that ends without one
    /// throws ``TransportError/truncated``.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> ReadOutcome {
        guard mayRead else { return .wouldBlock }
        let count = unsafe readRecords(into: buffer)
        if count > 0 { return .bytes(count) }
        switch ending {
        case nil: return .wouldBlock
        case .closeNotify: return .end
        case .failure(let error): throw error
        }
    }

    /// Reads record after record until the buffer is full, nothing more has come, or the receiving side has ended.
    private func readRecords(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var count = 0
        holdsMore = true
        while ending == nil && count < buffer.count {
            prepareCall()
            writeWantsRead = false
            let free = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
            let result = unsafe SSL_read(connection.pointer, free.baseAddress, Int32(clamping: free.count))
            if result > 0 {
                count += Int(result)
                // Nothing inside and nothing outside: another call could only say so.
                if unsafe socket.mayRead || SSL_has_pending(connection.pointer) == 1 { continue }
                holdsMore = false
                readWantsWrite = false
                break
            }
            switch stop(result) {
            case .wantsRead:
                holdsMore = false
                readWantsWrite = false
                return count
            case .wantsWrite:
                holdsMore = false
                readWantsWrite = true
                return count
            case .closeNotify: ending = .closeNotify
            case .failure(let error): ending = .failure(error)
            }
        }
        return count
    }
}
