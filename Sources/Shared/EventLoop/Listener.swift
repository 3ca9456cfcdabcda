internal import CShims
internal import Glibc

/// A listening stream socket. Level-triggered and exclusive (EPOLLEXCLUSIVE): of several processes that share it, one is
/// woken for a connection.
@EventLoop package final class Listener: EventSource {
    private var descriptor: FileDescriptor?
    private let wakeup = Wakeup()
    private var mayAccept = false

    /// Takes over a listening, non-blocking socket and begins to watch it.
    package init(adopting descriptor: consuming FileDescriptor) throws(SystemError) {
        let number = descriptor.number
        self.descriptor = consume descriptor
        super.init()
        try EventLoop.poller.add(self, fd: number, [.readable, .exclusive])
    }

    /// Binds and listens (bind(2), listen(2)) without watching: the way to a listener that is handed to another process.
    /// What is left of earlier connections at the address is no hindrance (SO_REUSEADDR, socket(7)).
    package static func bind(
        to address: SocketAddress, backlog: Int32 = 4096, sharesPort: Bool = false
    ) throws(SystemError) -> FileDescriptor {
        try address.check(for: "bind")
        let descriptor = try FileDescriptor(
            "socket", socket(address.family, Int32(SOCK_STREAM.rawValue) | O_NONBLOCK | O_CLOEXEC, 0))
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        unsafe setsockopt(descriptor.number, SOL_SOCKET, SO_REUSEADDR, &on, size)
        if sharesPort { share(descriptor.number, true) }
        if address.family == AF_INET6 {
            unsafe setsockopt(descriptor.number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, size)
        }
        let number = descriptor.number
        guard unsafe address.withSockaddr({ unsafe Glibc.bind(number, $0, $1) }) == 0 else { throw SystemError("bind") }
        guard listen(number, backlog) == 0 else { throw SystemError("listen") }
        return descriptor
    }

    /// The address that a bound descriptor has (getsockname(2)).
    package static func localAddress(of descriptor: borrowing FileDescriptor) -> SocketAddress? {
        localAddress(of: descriptor.number)
    }

    /// The address of a bound descriptor that somebody else owns.
    package static func localAddress(of number: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        guard unsafe getsockname(number, ocm_sockaddr(&storage), &length) == 0 else { return nil }
        return SocketAddress(&storage, length)
    }

    /// Whether a descriptor that somebody else owns is a listening stream socket (SO_ACCEPTCONN, SO_TYPE; socket(7)).
    package static func isListening(_ number: Int32) -> Bool {
        func option(_ name: Int32) -> Int32? {
            var value: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            return unsafe getsockopt(number, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
        }
        return option(SO_ACCEPTCONN) == 1 && option(SO_TYPE) == Int32(SOCK_STREAM.rawValue)
    }

    /// One connection if there is one, with a wakeup of its own, and where it comes from. TCP connections come with TCP_NODELAY set.
    ///
    /// Throws where the process or the system has run out of something (EMFILE, ENFILE, ENOBUFS, ENOMEM): the caller
    /// should wait before it tries again. Failures that concern one connection only are passed over.
    package func accept() throws(SystemError) -> (socket: StreamSocket, peer: SocketAddress?)? {
        var storage = sockaddr_storage()
        var length = socklen_t()
        guard let accepted = try acceptDescriptor(&storage, &length) else { return nil }
        let peer = SocketAddress(&storage, length)
        if peer?.family != AF_UNIX { setNoDelay(accepted.number) }
        return (try StreamSocket(adopting: accepted, wakeup: Wakeup()), peer)
    }

    /// As ``accept()``, for a socket that is none of streams: the connection's descriptor.
    package func acceptDescriptor() throws(SystemError) -> FileDescriptor? {
        var storage = sockaddr_storage()
        var length = socklen_t()
        return try acceptDescriptor(&storage, &length)
    }

    private func acceptDescriptor(
        _ storage: inout sockaddr_storage, _ length: inout socklen_t
    ) throws(SystemError) -> FileDescriptor? {
        guard let number = descriptor?.number else { return nil }
        while true {
            length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let accepted = unsafe ocm_accept(number, ocm_sockaddr(&storage), &length)
            if accepted >= 0 { return FileDescriptor(owning: accepted) }
            switch errno {
            case EAGAIN:
                mayAccept = false
                return nil
            case EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF, EINVAL, ENOTSOCK:
                throw SystemError("accept4")
            default:
                continue
            }
        }
    }

    /// Suspends until there may be a connection to accept, or the listener is closed.
    package func acceptable() async throws(WaitError) {
        while !mayAccept { try await wakeup.wait() }
    }

    /// Goes to the end of the queue of processes that wait for a connection: of those that idle, the kernel wakes the first,
    /// which would else always be the same.
    package func requeue() throws(SystemError) {
        pause()
        try resume()
    }

    /// Stops watching. What was queued for this process meanwhile can still be accepted until ``close()``.
    package func pause() {
        guard let number = descriptor?.number else { return }
        EventLoop.poller.remove(fd: number, isShared: true)
        mayAccept = false
    }

    package func resume() throws(SystemError) {
        guard let number = descriptor?.number else { return }
        try EventLoop.poller.add(self, fd: number, [.readable, .exclusive])
    }

    package func close() {
        guard let number = descriptor?.number else { return }
        EventLoop.poller.remove(fd: number, isShared: true)
        descriptor = nil
        mayAccept = true
        wakeup.signal()
    }

    package var isOpen: Bool { descriptor != nil }

    /// Nil when closed.
    var number: Int32? { descriptor?.number }

    /// Another descriptor of the same socket, nil when closed.
    package func duplicate() throws(SystemError) -> FileDescriptor? {
        try descriptor?.duplicate()
    }

    override package func becameReady(_ readiness: Readiness) {
        mayAccept = true
        wakeup.signal()
    }
}
