internal import CShims
internal import Glibc

/// What a read brought.
package enum ReadOutcome: Equatable, Sendable {
    /// So many bytes, at least one.
    case bytes(Int)
    /// Nothing now: wait for the socket's wakeup.
    case wouldBlock
    /// The peer has closed its sending side.
    case end
}

/// A connected stream socket, edge-triggered.
///
/// Reads and writes never block; whoever finds nothing to do waits on ``wakeup``, which two sockets of one exchange share.
/// Readiness is kept as state: ``mayRead`` and ``mayWrite`` are false only when the kernel has said so.
@EventLoop package final class StreamSocket: EventSource {
    private var descriptor: FileDescriptor?
    /// The descriptor's number, for TLS on it and for diagnostics; -1 once closed.
    package private(set) var number: Int32
    private var watchesWritable: Bool
    /// Signalled whenever the socket may have become readable or writable, or has failed.
    package var wakeup: Wakeup
    package private(set) var mayRead = false
    package private(set) var mayWrite = true
    /// The peer has closed its sending side, or the connection has failed. Bytes may still be there to be read.
    package private(set) var isHungUp = false

    /// Takes over a connected, non-blocking stream socket.
    package convenience init(adopting descriptor: consuming FileDescriptor, wakeup: Wakeup) throws(SystemError) {
        try self.init(descriptor, wakeup, interest: [.readable, .readHangup, .edgeTriggered])
    }

    private init(
        _ descriptor: consuming FileDescriptor, _ wakeup: Wakeup, interest: Readiness
    ) throws(SystemError) {
        number = descriptor.number
        self.descriptor = consume descriptor
        self.wakeup = wakeup
        watchesWritable = interest.contains(.writable)
        super.init()
        try EventLoop.poller.add(self, fd: number, interest)
    }

    /// Opens a connection. Throws the error of connect(2), ETIMEDOUT when the deadline comes first. A Unix listener whose
    /// queue is full is EAGAIN at once: there is no event for its having room again.
    package static func connect(
        to address: SocketAddress, until deadline: Instant, wakeup: Wakeup
    ) async throws(SystemError) -> StreamSocket {
        try address.check(for: "connect")
        let descriptor = try FileDescriptor(
            "socket", socket(address.family, Int32(SOCK_STREAM.rawValue) | O_NONBLOCK | O_CLOEXEC, 0))
        let number = descriptor.number
        if address.family != AF_UNIX { setNoDelay(number) }
        let result = unsafe address.withSockaddr { unsafe Glibc.connect(number, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else { throw SystemError("connect") }
        let connected = try StreamSocket(
            descriptor, wakeup, interest: [.readable, .writable, .readHangup, .edgeTriggered])
        if result == 0 { return connected }
        connected.mayWrite = false
        while !connected.mayWrite {
            do {
                try await wakeup.wait(until: deadline)
            } catch {
                connected.close()
                throw SystemError("connect", error == .timedOut ? ETIMEDOUT : ECANCELED)
            }
        }
        let failure = connected.pendingError
        guard failure == 0 else {
            connected.close()
            throw SystemError("connect", failure)
        }
        return connected
    }

    /// A pair of connected sockets, the second as a bare descriptor for a child process.
    package static func pair(wakeup: Wakeup) throws(SystemError) -> (StreamSocket, child: Int32) {
        var numbers: [Int32] = [-1, -1]
        let result = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0, &numbers)
        guard result == 0 else { throw SystemError("socketpair") }
        let ours = FileDescriptor(owning: numbers[0])
        let theirs = FileDescriptor(owning: numbers[1])
        guard fcntl(ours.number, F_SETFL, O_NONBLOCK) == 0 else { throw SystemError("fcntl") }
        let socket = try StreamSocket(adopting: ours, wakeup: wakeup)
        return (socket, theirs.release())
    }

    /// Whether nothing has come and the peer is there, by the kernel's word: ``mayRead`` knows of an edge only once the loop has
    /// turned.
    package var isQuiet: Bool {
        var byte: UInt8 = 0
        return unsafe recv(number, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) < 0
            && (errno == EAGAIN || errno == EINTR)
    }

    /// Reads what is there, at most `buffer.count` bytes. A read that did not fill the buffer has drained the socket, so
    /// that the next is only tried after an edge, unless the peer hung up (data and FIN can come as one edge).
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> ReadOutcome {
        guard mayRead else { return .wouldBlock }
        while true {
            let count = unsafe recv(number, buffer.baseAddress, buffer.count, 0)
            if count > 0 {
                if count < buffer.count && !isHungUp { mayRead = false }
                return .bytes(count)
            }
            if count == 0 {
                isHungUp = true
                return .end
            }
            if errno == EINTR { continue }
            guard errno == EAGAIN else { throw SystemError("recv") }
            mayRead = false
            return .wouldBlock
        }
    }

    /// Writes what the socket takes and returns how much that was; less than all means that ``mayWrite`` is false now.
    package func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
        guard mayWrite, bytes.count > 0 else { return 0 }
        let count = unsafe bytes.withUnsafeBytes { bytes in
            unsafe send(number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        }
        return try noteWritten(count, of: bytes.count, "send")
    }

    /// As ``write(_:)``, of two pieces that follow each other (writev(2)).
    package func write(_ first: Span<UInt8>, _ second: Span<UInt8>) throws(SystemError) -> Int {
        guard mayWrite, first.count + second.count > 0 else { return 0 }
        let count = unsafe first.withUnsafeBytes { first in
            unsafe second.withUnsafeBytes { second in
                unsafe gather(number, first, second)
            }
        }
        return try noteWritten(count, of: first.count + second.count, "sendmsg")
    }

    private func noteWritten(_ count: Int, of total: Int, _ call: StaticString) throws(SystemError) -> Int {
        guard count >= 0 else {
            guard errno == EAGAIN || errno == EINTR else { throw SystemError(call) }
            try blockWriting()
            return 0
        }
        if count < total { try blockWriting() }
        return count
    }

    private func blockWriting() throws(SystemError) {
        mayWrite = false
        guard !watchesWritable else { return }
        watchesWritable = true
        try EventLoop.poller.modify(
            self, fd: number, [.readable, .writable, .readHangup, .edgeTriggered])
    }

    /// The read side is to be looked at again, though nothing new may have come: a turn's budget was used up, or a layer
    /// above has found out more than the socket knows.
    package func noteReadable() { mayRead = true }

    /// For a layer that calls the system itself (TLS): the socket had nothing to read.
    package func noteDrained() { if !isHungUp { mayRead = false } }

    /// For a layer that calls the system itself (TLS): the socket took no more.
    package func noteBlocked() throws(SystemError) { try blockWriting() }

    /// Suspends until the socket may be read.
    package func readable(until deadline: Instant) async throws(WaitError) {
        while !mayRead { try await wakeup.wait(until: deadline) }
    }

    /// Suspends until the socket may be written.
    package func writable(until deadline: Instant) async throws(WaitError) {
        while !mayWrite { try await wakeup.wait(until: deadline) }
    }

    /// Closes the sending side (shutdown(2)).
    package func shutdownSending() {
        if number >= 0 { _ = shutdown(number, Int32(SHUT_WR)) }
    }

    /// The connection ends with a reset instead of a FIN, so that the peer can't take what it got for all (SO_LINGER 0).
    package func closeWithReset() {
        guard number >= 0 else { return }
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    package var isOpen: Bool { number >= 0 }

    /// Closes the socket; from then on reads and writes fail with EBADF.
    package func close() {
        guard number >= 0 else { return }
        EventLoop.poller.remove(fd: number, isShared: false)
        number = -1
        descriptor = nil
        mayRead = true
        mayWrite = true
        isHungUp = true
    }

    override package func becameReady(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.readHangup, .hangup, .error]) {
            isHungUp = true
            mayRead = true
        }
        if readiness.contains(.readable) { mayRead = true }
        if !readiness.isDisjoint(with: [.writable, .hangup, .error]) { mayWrite = true }
        wakeup.noteReadiness()
    }

    /// The error that the kernel keeps for the socket (SO_ERROR), 0 if none; asking clears it.
    private var pendingError: Int32 {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &value, &length)
        return value
    }
}

func setNoDelay(_ fd: Int32) {
    var on: Int32 = 1
    unsafe setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
}

private func gather(_ fd: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int {
    unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { parts in
        unsafe parts[0] = iovec(
            iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
        unsafe parts[1] = iovec(
            iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
        var message = unsafe msghdr()
        unsafe message.msg_iov = parts.baseAddress
        unsafe message.msg_iovlen = 2
        return unsafe sendmsg(fd, &message, Int32(MSG_NOSIGNAL))
    }
}
