internal import CShims
internal import Glibc
internal import Logging
package import OCMEventLoop

/// Where records go: a descriptor that somebody else owns. What it does not take at once is dropped and counted: a log never
/// holds up the service.
///
/// Of a record that it has taken the beginning of, it gets the rest before anything else, so that no line runs into the
/// next. One descriptor should have one outlet in a process.
@EventLoop package final class LogOutlet {
    package enum Kind: Sendable {
        case file
        /// It is shared with others, and takes PIPE_BUF in one piece (pipe(7)).
        case pipe
        case terminal
        /// A connected stream socket.
        case stream
        /// A datagram socket that is connected to the journal.
        case journal
    }

    package nonisolated let number: Int32
    package nonisolated let kind: Kind
    /// Knows whether a write would wait, of a descriptor on which it could.
    private let room: WriteRoom?
    /// What is still to go out of a record that has begun.
    private var rest: [UInt8] = []
    /// Records, since it was told of some last.
    package private(set) var dropped: UInt64 = 0

    /// Looks what the descriptor is; that stays so, whatever file is put in its place later.
    ///
    /// - Parameter isJournal: a datagram socket, see ``JournalSocket``.
    package nonisolated init(_ number: Int32, isJournal: Bool = false) {
        self.number = number
        kind = isJournal ? .journal : Self.kind(of: number)
        switch kind {
        case .pipe, .terminal: room = fcntl(number, F_GETFL) & O_NONBLOCK == 0 ? WriteRoom(of: number) : nil
        case .file, .stream, .journal: room = nil
        }
    }

    private nonisolated static func kind(of number: Int32) -> Kind {
        var (mode, size) = (mode_t(), Int64())
        guard unsafe ocm_file_kind(number, &mode, &size) == 0 else { return .file }
        return switch mode & S_IFMT {
        case S_IFSOCK: .stream
        case S_IFIFO: .pipe
        case S_IFCHR where isatty(number) == 1: .terminal
        default: .file
        }
    }

    /// Bytes that go out in one call at most, at least one record: what is written in one piece stays in one.
    private static let pieceLimit = 8192
    private static let pipeLimit = Int(PIPE_BUF)
    /// Of a record's rest; what is longer ends there.
    private static let restLimit = 64 << 10

    /// Writes records, after a word of those that are missing before them.
    package func write(_ records: LogRecordWriter) {
        guard !records.ends.isEmpty else { return }
        if dropped > 0 {
            var notice = records.fresh
            notice.begin(.warning, "records are missing in the log, it took no more")
            notice.field("records", dropped)
            notice.field("process", UInt64(getpid()))
            notice.end()
            guard put(notice) == 0 else {
                dropped += UInt64(records.ends.count)
                return
            }
            dropped = 0
        }
        dropped += UInt64(put(records))
    }

    /// Another file is in the descriptor's place, which begins with a whole line.
    package func reopened() {
        if kind == .file { rest = [] }
    }

    /// Returns how many were dropped.
    private func put(_ records: LogRecordWriter) -> Int {
        let (bytes, ends) = (records.bytes.span, records.ends)
        if kind == .journal { return ends.count - sendDatagrams(bytes, ends) }
        guard putRest() else { return ends.count }
        let limit = kind == .pipe ? Self.pipeLimit : Self.pieceLimit
        var start = 0
        var index = 0
        while index < ends.count {
            var next = index + 1
            while next < ends.count, ends[next] - start <= limit { next += 1 }
            let end = start + take(bytes.extracting(start..<ends[next - 1]))
            if end < ends[next - 1] { return ends.count - begun(ends, index, upTo: end, bytes) }
            start = end
            index = next
        }
        return 0
    }

    /// The descriptor has taken bytes up to a place, and no more. Returns how many records have begun to go out.
    ///
    /// - Parameter index: of the first record that may not be whole.
    private func begun(_ ends: [Int], _ index: Int, upTo place: Int, _ bytes: Span<UInt8>) -> Int {
        var count = index
        while ends[count] <= place { count += 1 }
        guard place > (count == 0 ? 0 : ends[count - 1]) else { return count }
        let kept = min(ends[count], place + Self.restLimit)
        rest.append(all: bytes.extracting(place..<kept))
        if kept < ends[count] { rest.append(.lineFeed) }
        return count + 1
    }

    /// Whether nothing is left.
    private func putRest() -> Bool {
        if !rest.isEmpty { rest.removeFirst(take(rest.span)) }
        return rest.isEmpty
    }

    /// How many bytes the descriptor takes without waiting.
    private func take(_ bytes: Span<UInt8>) -> Int {
        guard let room else { return writeOnce(bytes) }
        var count = 0
        while count < bytes.count, room.isThere {
            // A terminal may have less than a pipe; where it has less than this, it has soon.
            let part = bytes.extracting(count..<min(bytes.count, count + (kind == .pipe ? Self.pipeLimit : 256)))
            let written = writeOnce(part)
            count += written
            if written < part.count { break }
        }
        return count
    }

    private func writeOnce(_ bytes: Span<UInt8>) -> Int {
        unsafe bytes.withUnsafeBytes { bytes in
            while true {
                let count =
                    unsafe kind == .stream
                    ? send(number, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                    : Glibc.write(number, bytes.baseAddress, bytes.count)
                if count < 0, errno == EINTR { continue }
                return max(0, count)
            }
        }
    }

    private func sendDatagrams(_ bytes: Span<UInt8>, _ ends: [Int]) -> Int {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe ends.withUnsafeBufferPointer { ends in
                unsafe ocm_journal_send(number, bytes.baseAddress, ends.baseAddress, ends.count)
            }
        }
    }
}

/// Whether a descriptor takes anything at this moment, as epoll says.
private final class WriteRoom: Sendable {
    private let watch: Int32

    /// Nil where that can't be known.
    init?(of number: Int32) {
        watch = ocm_watch_room(number)
        if watch < 0 { return nil }
    }

    deinit { close(watch) }

    var isThere: Bool { ocm_has_room(watch) == 1 }
}
