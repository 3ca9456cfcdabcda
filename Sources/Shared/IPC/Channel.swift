internal import CShims
internal import Glibc
package import OCMEventLoop

/// One side of the line between supervisor and worker: sends messages of one kind, receives those of the other.
///
/// A packet is a head (message kind, a flag for a payload in a memfd, the payload's length) and the payload. What the
/// socket can't take waits here, in order, until ``receive(until:)`` finds room for it.
///
/// A peer that never stops sending is read in portions, with a rest after each: the rest of the process goes on.
@EventLoop package final class Channel<Outgoing: Message, Incoming: Message> {
    /// What came, with the descriptors that belong to it.
    package struct Received: ~Copyable {
        package let message: Incoming
        package var packet: Packet
    }

    private final class Unsent {
        let packet: MessageEncoder
        /// Owned by the channel until they are sent.
        let descriptors: [Int32]

        init(_ packet: consuming MessageEncoder, _ descriptors: [Int32]) {
            self.packet = packet
            self.descriptors = descriptors
        }
    }

    private let socket: PacketSocket
    private var queue: [Unsent] = []
    /// Who has said hello; until then nothing is passed over.
    package var peer = Neighbour.same
    /// Called when messages that had to wait are all in the socket.
    package var whenRoom: () -> Void = {}
    /// How long messages gather after one has come; nothing for a side that answers at once.
    private let gatherTime: Duration
    /// How many packets have come since the last wait.
    private var portion = 0
    /// Somewhat more than the socket holds.
    private let portionAtMost = 256

    /// Kind, the flag and the length.
    private static var headSize: Int { 6 }
    private let inlineLimit = 32 * 1024
    private let payloadLimit = 32 * 1024 * 1024

    package init(
        adopting descriptor: consuming FileDescriptor, gatherTime: Duration = .zero
    ) throws(SystemError) {
        self.gatherTime = gatherTime
        socket = try PacketSocket(adopting: descriptor, wakeup: Wakeup())
    }

    /// How many messages wait for room in the socket.
    package var backlog: Int { queue.count }

    /// Sends or queues a message. The descriptors are duplicated where they have to wait.
    package func send(_ message: Outgoing, descriptors: [Int32] = []) throws(IPCError) {
        if peer == .stranger, !Outgoing.lasting.contains(message.kind) { return }
        var packet = MessageEncoder()
        Self.putHead(message.kind, isInline: true, length: 0, into: &packet)
        message.encode(into: &packet)
        let length = packet.count - Self.headSize
        packet.replace(at: Self.headSize - 4, with: UInt32(length))
        do throws(SystemError) {
            if length <= inlineLimit || !Outgoing.mayBeLarge { return try post(packet, descriptors) }
            let memory = try Self.sealedPayload(of: packet)
            var head = MessageEncoder()
            Self.putHead(message.kind, isInline: false, length: length, into: &head)
            try post(head, [memory.number] + descriptors)
        } catch {
            throw .system(error)
        }
    }

    private static func putHead(
        _ kind: Outgoing.Kind, isInline: Bool, length: Int, into packet: inout MessageEncoder
    ) {
        packet.put(kind.rawValue)
        packet.put(!isInline)
        packet.put(UInt32(length))
    }

    private static func sealedPayload(of packet: borrowing MessageEncoder) throws(SystemError) -> FileDescriptor {
        let number = packet.withBytes { bytes in
            unsafe bytes.extracting(droppingFirst: Self.headSize).withUnsafeBytes { payload in
                unsafe ocm_sealed_memfd("ocm-message", payload.baseAddress, payload.count)
            }
        }
        return try FileDescriptor("memfd_create", number)
    }

    private func post(_ packet: consuming MessageEncoder, _ descriptors: [Int32]) throws(SystemError) {
        if queue.isEmpty, try send(packet, descriptors) { return }
        var kept: [Int32] = []
        for number in descriptors {
            kept.append(try FileDescriptor("dup", fcntl(number, F_DUPFD_CLOEXEC, 0)).release())
        }
        queue.append(Unsent(packet, kept))
    }

    private func send(_ packet: borrowing MessageEncoder, _ descriptors: [Int32]) throws(SystemError) -> Bool {
        try packet.withBytes { bytes throws(SystemError) in try socket.send(bytes, descriptors: descriptors) }
    }

    private func flush() throws(SystemError) {
        guard !queue.isEmpty else { return }
        while let first = queue.first {
            do throws(SystemError) {
                guard try send(first.packet, first.descriptors) else { return }
            } catch {
                // The peer has ended: it can be told nothing, but what it said is still there to be received.
                guard error.code == EPIPE || error.code == ECONNRESET else { throw error }
                return discardQueue()
            }
            for number in first.descriptors { Glibc.close(number) }
            queue.removeFirst()
        }
        whenRoom()
    }

    private func discardQueue() {
        for unsent in queue { for number in unsent.descriptors { Glibc.close(number) } }
        queue = []
    }

    /// The next message; nil when the peer has closed its end. Meanwhile sends what waits to be sent.
    package func receive(until deadline: Instant = .never) async throws(ChannelError) -> Received? {
        while true {
            do throws(IPCError) {
                switch try portion < portionAtMost ? exchange() : .wouldBlock {
                case .packet(let packet):
                    portion += 1
                    guard let received = try decode(packet) else { continue }
                    return received
                case .end: return nil
                case .wouldBlock: break
                }
            } catch {
                throw .message(error)
            }
            let isRest = portion >= portionAtMost
            if isRest || (portion > 0 && gatherTime > .zero) {
                await gather(for: isRest ? max(gatherTime, .milliseconds(1)) : gatherTime)
                continue
            }
            do throws(WaitError) { try await socket.wakeup.wait(until: deadline) } catch { throw .wait(error) }
        }
    }

    /// Messages that come meanwhile stay in the socket and wake nobody: many then cost one wake-up.
    private func gather(for time: Duration) async {
        portion = 0
        guard (try? socket.pause()) != nil else { return }
        try? await EventLoop.sleep(for: time)
        try? socket.resume()
    }

    private func exchange() throws(IPCError) -> PacketSocket.Received {
        do throws(SystemError) {
            try flush()
            return try socket.receive()
        } catch {
            switch error.code {
            case EMSGSIZE: throw .oversized
            case EMFILE: throw .lostDescriptors
            default: throw .system(error)
            }
        }
    }

    package func close() {
        socket.close()
        discardQueue()
    }

    /// Nil where it is to be passed over.
    private func decode(_ packet: consuming Packet) throws(IPCError) -> Received? {
        var head = MessageDecoder(Array(packet.bytes.prefix(Self.headSize)))
        let type = try head.take(UInt8.self)
        let isInMemory = try head.takeBool("memfd")
        let length = Int(try head.take(UInt32.self))
        guard length <= payloadLimit else { throw .tooLarge(field: "payload", size: length) }
        guard let kind = Incoming.Kind(rawValue: type) else {
            if peer == .newer || peer == .stranger { return nil }
            throw .unknownMessage(type)
        }
        if peer == .stranger, !Incoming.lasting.contains(kind) { return nil }
        var payload = Array(packet.bytes.dropFirst(Self.headSize))
        if isInMemory {
            guard Incoming.mayBeLarge, payload.isEmpty, let memory = packet.takeDescriptor() else {
                throw .wrongDescriptors
            }
            payload = try readSealed(memory, length)
        }
        guard payload.count == length else { throw .truncated }
        var decoder = MessageDecoder(payload)
        let message = try Incoming(kind, from: &decoder)
        // A newer side may have added to it.
        if peer == .same || peer == .older { try decoder.end() }
        guard message.descriptorCount.contains(packet.descriptors.count) else { throw .wrongDescriptors }
        return Received(message: message, packet: packet)
    }
}

/// Why a channel gave no message.
package enum ChannelError: Error, Equatable, Sendable {
    case message(IPCError)
    case wait(WaitError)
}

private func readSealed(_ memory: borrowing FileDescriptor, _ length: Int) throws(IPCError) -> [UInt8] {
    var (mode, size) = (mode_t(), Int64())
    guard unsafe ocm_file_kind(memory.number, &mode, &size) == 0, ocm_is_regular(mode) == 1, size == length,
        ocm_is_sealed(memory.number) == 1
    else { throw .notSealed }
    let number = memory.number
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: length) { space, used in
        while used < length {
            let count = unsafe pread(number, space.baseAddress?.advanced(by: used), length - used, used)
            guard count > 0 else { break }
            used += count
        }
    }
    guard bytes.count == length else { throw .notSealed }
    return bytes
}
