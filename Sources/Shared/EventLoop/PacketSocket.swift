internal import CShims
internal import Glibc

/// A packet as it came: its bytes, and the descriptors that came with it.
package struct Packet: ~Copyable {
    package let bytes: [UInt8]
    package var descriptors: [Int32]

    /// Takes out the first descriptor that is left.
    package mutating func takeDescriptor() -> FileDescriptor? {
        descriptors.isEmpty ? nil : FileDescriptor(owning: descriptors.removeFirst())
    }

    init(bytes: [UInt8], descriptors: [Int32]) {
        self.bytes = bytes
        self.descriptors = descriptors
    }

    deinit {
        for number in descriptors { ocm_close_foreign(number) }
    }
}

/// A connected Unix socket that keeps the bounds of messages (SOCK_SEQPACKET, unix(7)) and carries descriptors.
@EventLoop package final class PacketSocket: EventSource {
    /// The largest packet that is received; a larger one is an error.
    package static let maximumPacket = 64 * 1024
    private static let maximumDescriptors = 253

    private var descriptor: FileDescriptor?
    /// Signalled whenever a packet may have come, or room for one, or the peer's end.
    package var wakeup: Wakeup
    package private(set) var mayRead = false
    private var mayWrite = true
    private var watchesWritable = false

    package enum Received: ~Copyable {
        case packet(Packet)
        case wouldBlock
        case end
    }

    package init(adopting descriptor: consuming FileDescriptor, wakeup: Wakeup) throws(SystemError) {
        let number = descriptor.number
        self.descriptor = consume descriptor
        self.wakeup = wakeup
        super.init()
        try EventLoop.poller.add(self, fd: number, [.readable, .readHangup, .edgeTriggered])
    }

    /// A connected pair of non-blocking descriptors, close-on-exec.
    package static func pair() throws(SystemError) -> (Int32, Int32) {
        var numbers: [Int32] = [-1, -1]
        let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &numbers) == 0 else { throw SystemError("socketpair") }
        return (numbers[0], numbers[1])
    }

    /// A descriptor bound to a path, on which nobody listens yet; only its user may connect to it (unix(7)). `path` may be at
    /// most 107 bytes long.
    package static func bind(to path: String) throws(SystemError) -> FileDescriptor {
        let descriptor = try unconnected()
        // bind(2) gives the file the mode of the descriptor: there is no moment in which others could connect.
        guard fchmod(descriptor.number, 0o600) == 0 else { throw SystemError("fchmod") }
        let number = descriptor.number
        let address = SocketAddress.unix(path: path)
        guard unsafe address.withSockaddr({ unsafe Glibc.bind(number, $0, $1) }) == 0 else { throw SystemError("bind") }
        return descriptor
    }

    /// A descriptor connected to whoever listens at the path. Throws ECONNREFUSED where nobody does any more.
    package static func connect(to path: String) throws(SystemError) -> FileDescriptor {
        let descriptor = try unconnected()
        let number = descriptor.number
        let address = SocketAddress.unix(path: path)
        guard unsafe address.withSockaddr({ unsafe Glibc.connect(number, $0, $1) }) == 0 else {
            throw SystemError("connect")
        }
        return descriptor
    }

    private static func unconnected() throws(SystemError) -> FileDescriptor {
        let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        return try FileDescriptor("socket", socket(AF_UNIX, type, 0))
    }

    /// The next packet, if one is there. What a peer sent before its end is received, whether it read all or not. Throws
    /// EMSGSIZE for a packet that is too large and EMFILE for descriptors that could not be taken; both are then gone.
    package func receive() throws(SystemError) -> Received {
        guard let number = descriptor?.number else { return .end }
        guard mayRead else { return .wouldBlock }
        var truncated: Int32 = 0
        var count = 0
        let space = unsafe ReadBuffer.shared.space
        let descriptors = unsafe [Int32](unsafeUninitializedCapacity: Self.maximumDescriptors) { descriptors, used in
            repeat {
                count = unsafe ocm_receive_packet(
                    number, space.baseAddress, Self.maximumPacket, descriptors.baseAddress, descriptors.count, &used,
                    &truncated)
                // A peer that ended with packets unread: the kernel says so once, ahead of what it had sent.
            } while count < 0 && errno == ECONNRESET
        }
        if count < 0 {
            guard errno == EAGAIN else { throw SystemError("recvmsg") }
            mayRead = false
            return .wouldBlock
        }
        guard truncated == 0 else { throw SystemError("recvmsg", truncated) }
        if count == 0 && descriptors.isEmpty { return .end }
        return unsafe .packet(Packet(bytes: [UInt8](space[..<count]), descriptors: descriptors))
    }

    /// Does not look at the socket until ``resume()``: what comes meanwhile waits in it, and wakes nobody.
    package func pause() throws(SystemError) {
        guard let number = descriptor?.number else { return }
        try EventLoop.poller.modify(self, fd: number, [.edgeTriggered])
    }

    package func resume() throws(SystemError) {
        guard let number = descriptor?.number else { return }
        try EventLoop.poller.modify(self, fd: number, interest)
    }

    private var interest: Readiness {
        watchesWritable
            ? [.readable, .writable, .readHangup, .edgeTriggered] : [.readable, .readHangup, .edgeTriggered]
    }

    /// Sends a packet; false where the socket has no room now. The descriptors stay the caller's.
    package func send(_ bytes: Span<UInt8>, descriptors: [Int32] = []) throws(SystemError) -> Bool {
        guard let number = descriptor?.number else { throw SystemError("sendmsg", EPIPE) }
        guard mayWrite else { return false }
        let count = unsafe bytes.withUnsafeBytes { bytes in
            unsafe ocm_send_packet(number, bytes.baseAddress, bytes.count, descriptors, descriptors.count)
        }
        if count >= 0 { return true }
        guard errno == EAGAIN else { throw SystemError("sendmsg") }
        mayWrite = false
        if !watchesWritable {
            watchesWritable = true
            try EventLoop.poller.modify(self, fd: number, interest)
        }
        return false
    }

    package func close() {
        guard let number = descriptor?.number else { return }
        EventLoop.poller.remove(fd: number, isShared: true)
        descriptor = nil
    }

    package var isOpen: Bool { descriptor != nil }

    override package func becameReady(_ readiness: Readiness) {
        if readiness != .writable { mayRead = true }
        if !readiness.isDisjoint(with: [.writable, .hangup, .error]) { mayWrite = true }
        wakeup.signal()
    }
}
