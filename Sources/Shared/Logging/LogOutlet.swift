internal import CShims
internal import Glibc

/// Where records go: a descriptor that somebody else owns. What it does not take at once is dropped: a log never holds up
/// the service.
package struct LogOutlet: Sendable {
    package enum Kind: Sendable {
        /// A file, a pipe, a terminal. A pipe is shared with others, and takes this much in one piece.
        case file, pipe
        /// A connected stream socket.
        case stream
        /// A datagram socket that is connected to the journal.
        case journal
    }

    package let number: Int32
    package let kind: Kind

    /// - Parameter isJournal: a datagram socket, see ``JournalSocket``.
    package init(_ number: Int32, isJournal: Bool = false) {
        self.number = number
        var (mode, size) = (mode_t(), Int64())
        let isKnown = unsafe ocm_file_kind(number, &mode, &size) == 0
        kind =
            switch mode & S_IFMT {
            case _ where isJournal: .journal
            case S_IFSOCK where isKnown: .stream
            case S_IFIFO where isKnown: .pipe
            default: .file
            }
    }

    /// Bytes that go out in one call at most, at least one record: what is written in one piece stays in one.
    private static let pieceLimit = 8192
    private static let pipeLimit = Int(PIPE_BUF)

    /// Writes records.
    ///
    /// - Parameter ends: where each ends.
    /// - Returns: how many were dropped.
    @discardableResult
    package func write(_ bytes: Span<UInt8>, ends: [Int]) -> Int {
        kind == .journal ? sendDatagrams(bytes, ends) : writePieces(bytes, ends)
    }

    private func writePieces(_ bytes: Span<UInt8>, _ ends: [Int]) -> Int {
        let limit = kind == .pipe ? Self.pipeLimit : Self.pieceLimit
        var start = 0
        var index = 0
        while index < ends.count {
            var next = index + 1
            while next < ends.count, ends[next] - start <= limit { next += 1 }
            guard writePiece(bytes.extracting(start..<ends[next - 1])) else { return ends.count - index }
            start = ends[next - 1]
            index = next
        }
        return 0
    }

    private func writePiece(_ bytes: Span<UInt8>) -> Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            while true {
                let count =
                    unsafe kind == .stream
                    ? send(number, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                    : Glibc.write(number, bytes.baseAddress, bytes.count)
                if count < 0, errno == EINTR { continue }
                return count == bytes.count
            }
        }
    }

    private func sendDatagrams(_ bytes: Span<UInt8>, _ ends: [Int]) -> Int {
        let sent = unsafe bytes.withUnsafeBytes { bytes in
            unsafe ends.withUnsafeBufferPointer { ends in
                unsafe ocm_journal_send(number, bytes.baseAddress, ends.baseAddress, ends.count)
            }
        }
        return ends.count - sent
    }
}
