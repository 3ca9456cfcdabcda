internal import OCMEventLoop
internal import OCMTLS

/// One end of a WebSocket that is over: it is closed when it has all that was written, and has closed, too.
@EventLoop struct LeavingEnd {
    private let transport: Transport
    private var isShut = false
    private var hasAnswered = false
    /// There may be more to be read now.
    private(set) var isBusy = false

    init(_ transport: Transport) {
        self.transport = transport
    }

    /// Reads what has come; of that only an answering close frame is of interest.
    ///
    /// - Parameters:
    ///   - isFlushed: all is written.
    ///   - findClose: whether there is a close frame in the bytes.
    mutating func settle(isFlushed: Bool, findClose: (inout MutableSpan<UInt8>) -> Bool) {
        isBusy = false
        if isFlushed, !isShut {
            isShut = true
            transport.shutdownSending()
        }
        do throws(TransportError) {
            switch unsafe try transport.read(into: ReadBuffer.shared.space) {
            case .bytes(let count):
                isBusy = true
                if ReadBuffer.shared.withMutableBytes(count, findClose) { hasAnswered = true }
            case .wouldBlock: break
            case .end: return transport.close()
            }
        } catch {
            return transport.close()
        }
        if isFlushed, hasAnswered { transport.close() }
    }
}
