internal import COpenSSL
internal import OCMEventLoop

extension TLSStream {
    /// A record carries no more (RFC 8446, 5.1).
    private static let recordSize = 16384

    /// Where two pieces become one record. One for all connections: it is filled and used within one call.
    private static let gathering = UnsafeMutableRawBufferPointer.allocate(byteCount: recordSize, alignment: 16)

    /// False only when the last write was not taken whole and there is no room yet.
    package var mayWrite: Bool {
        writeWantsRead ? socket.mayRead : socket.mayWrite
    }

    /// As ``StreamSocket/write(_:)-(Span<UInt8>)``. What was not taken must be offered again, unchanged and first: its
    /// encryption may have begun.
    package func write(_ bytes: Span<UInt8>) throws(TransportError) -> Int {
        try unsafe bytes.withUnsafeBytes { bytes throws(TransportError) in
            try unsafe write(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    /// As ``write(_:)``, of two pieces that follow each other; they share a record as far as they fit into one.
    package func write(_ first: Span<UInt8>, _ second: Span<UInt8>) throws(TransportError) -> Int {
        try unsafe first.withUnsafeBytes { first throws(TransportError) in
            try unsafe second.withUnsafeBytes { second throws(TransportError) in
                try unsafe write(first, second)
            }
        }
    }

    private func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) throws(TransportError) -> Int {
        if let writeFailure { throw writeFailure }
        guard mayWrite, try finishWrite() else { return 0 }
        let total = first.count + second.count
        var taken = min(writtenAhead, total)
        writtenAhead -= taken
        while taken < total {
            let record = unsafe TLSStream.record(at: taken, of: first, second)
            let count = try unsafe writeRecord(record)
            if count == 0 {
                unfinishedWrite = unsafe [UInt8](record)
                break
            }
            taken += count
        }
        return taken
    }

    /// The bytes of the next record: as they lie where they lie together, else gathered.
    private static func record(
        at offset: Int, of first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        let head = unsafe UnsafeRawBufferPointer(rebasing: first.dropFirst(offset).prefix(recordSize))
        let rest = unsafe second.dropFirst(max(0, offset - first.count)).prefix(recordSize - head.count)
        if unsafe rest.isEmpty { return unsafe head }
        if unsafe head.isEmpty { return unsafe UnsafeRawBufferPointer(rebasing: rest) }
        unsafe gathering.copyMemory(from: head)
        unsafe UnsafeMutableRawBufferPointer(rebasing: gathering[head.count...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest))
        return unsafe UnsafeRawBufferPointer(rebasing: gathering[..<(head.count + rest.count)])
    }

    /// Ends a write that the socket did not take whole, with the bytes that it was begun with: OpenSSL refuses fewer, and
    /// the caller may offer fewer than before. False while the socket still does not take it.
    private func finishWrite() throws(TransportError) -> Bool {
        guard !unfinishedWrite.isEmpty else { return true }
        let record = unfinishedWrite
        let count = try unsafe record.span.withUnsafeBytes { bytes throws(TransportError) in
            try unsafe writeRecord(bytes)
        }
        guard count > 0 else { return false }
        unfinishedWrite = []
        writtenAhead = count
        return true
    }

    /// Writes at most one record and returns how many bytes it holds, 0 when the socket did not take it whole.
    private func writeRecord(_ bytes: UnsafeRawBufferPointer) throws(TransportError) -> Int {
        prepareCall()
        let result = unsafe SSL_write(connection.pointer, bytes.baseAddress, Int32(bytes.count))
        writeWantsRead = false
        if result > 0 {
            readWantsWrite = false
            return Int(result)
        }
        switch stop(result) {
        case .wantsWrite: return 0
        case .wantsRead:
            writeWantsRead = true
            return 0
        case .closeNotify: return try failWriting(.system(SystemError("SSL_write", EPIPE)))
        case .failure(let error): return try failWriting(error)
        }
    }

    private func failWriting(_ error: TransportError) throws(TransportError) -> Int {
        writeFailure = error
        throw error
    }
}
