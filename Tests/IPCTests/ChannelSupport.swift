import Glibc
import OCMEventLoop
import OCMIPC

typealias SupervisorEnd = Channel<SupervisorMessage, WorkerMessage>
typealias WorkerEnd = Channel<WorkerMessage, SupervisorMessage>

/// Both ends of a line.
@EventLoop func channels(gatherTime: Duration = .zero) throws -> (SupervisorEnd, WorkerEnd) {
    let (ours, theirs) = try PacketSocket.pair()
    return (
        try Channel(adopting: FileDescriptor(owning: ours), gatherTime: gatherTime),
        try Channel(adopting: FileDescriptor(owning: theirs))
    )
}

/// A worker's end, and a socket that says to it what no channel would.
@EventLoop func workerAndForger() throws -> (WorkerEnd, PacketSocket) {
    let (ours, theirs) = try PacketSocket.pair()
    return (
        try Channel(adopting: FileDescriptor(owning: ours)),
        try PacketSocket(adopting: FileDescriptor(owning: theirs), wakeup: Wakeup())
    )
}

/// A supervisor's end, and a socket that says to it what no worker would.
@EventLoop func supervisorAndForger(gatherTime: Duration = .zero) throws -> (SupervisorEnd, PacketSocket) {
    let (ours, theirs) = try PacketSocket.pair()
    return (
        try Channel(adopting: FileDescriptor(owning: ours), gatherTime: gatherTime),
        try PacketSocket(adopting: FileDescriptor(owning: theirs), wakeup: Wakeup())
    )
}

extension Channel {
    /// The next message without its descriptors; nil at the end. Fails after some seconds instead of hanging.
    @EventLoop func next() async throws -> Incoming? {
        guard let received = try await receive(until: EventLoop.now + .seconds(10)) else { return nil }
        return received.message
    }
}

extension WorkerEnd {
    /// What comes with the next message, which must be `listen`.
    @EventLoop func nextListener() async throws -> FileDescriptor {
        guard var received = try await receive(until: EventLoop.now + .seconds(10)) else { throw Unexpected() }
        guard case .listen("work") = received.message else { throw Unexpected() }
        guard let descriptor = received.packet.takeDescriptor() else { throw Unexpected() }
        return descriptor
    }
}

extension PacketSocket {
    func send(_ bytes: [UInt8], descriptors: [Int32]) throws(SystemError) -> Bool {
        try send(bytes.span, descriptors: descriptors)
    }
}

/// Another message came than was to be expected, or none.
struct Unexpected: Error {}

/// A packet's head: kind, whether the payload is in a memory file, and the payload's length.
func head(_ kind: SupervisorMessage.Kind, isInMemory: Bool = false, length: Int) -> [UInt8] {
    var encoder = MessageEncoder()
    encoder.put(kind.rawValue)
    encoder.put(isInMemory)
    encoder.put(UInt32(length))
    return encoder.bytes
}

/// memfd_create(2), which the overlay of the C library lacks; the flags are MFD_CLOEXEC 1 and MFD_ALLOW_SEALING 2.
private func memfdCreate(_ name: String, _ flags: UInt32) -> Int32 {
    typealias Call = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32
    return unsafeBitCast(dlsym(nil, "memfd_create"), to: Call.self)(name, flags)
}

/// A memory file with these bytes and seals.
func memoryFile(_ bytes: [UInt8], seals: Int32) throws -> FileDescriptor {
    let file = try FileDescriptor("memfd_create", memfdCreate("forged", 1 | 2))
    guard write(file.number, bytes, bytes.count) == bytes.count else { throw SystemError("write") }
    guard fcntl(file.number, 1024 + 9, seals) == 0 else { throw SystemError("fcntl") }
    return file
}

/// F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE (fcntl(2)), which are macros.
enum Seals {
    static let seal: Int32 = 1
    static let shrink: Int32 = 2
    static let grow: Int32 = 4
    static let write: Int32 = 8
    static let all = seal | shrink | grow | write
}
