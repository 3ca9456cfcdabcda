import Glibc
import LoopTestSupport
import OCMEventLoop
import OCMIPC
import Testing

/// Packets that no channel sends are refused, and their descriptors closed.
@Suite struct ForgedPacketTests {
    @Test func anUnknownMessageIsRefused() throws {
        for kind in [0, UInt8(SupervisorMessage.Kind.allCases.count + 1), 255] {
            try expectRefusal(.unknownMessage(kind), [kind, 0, 0, 0, 0, 0])
        }
    }

    @Test func anIncompleteHeadIsRefused() throws {
        for count in 1...5 {
            try expectRefusal(.truncated, Array(head(.acknowledge, length: 0).prefix(count)))
        }
    }

    @Test func theLengthMustBeThatOfThePayload() throws {
        let payload = [UInt8](repeating: 0, count: 8)
        try expectRefusal(.truncated, head(.acknowledge, length: 7) + payload)
        try expectRefusal(.truncated, head(.acknowledge, length: 9) + payload)
        try expectRefusal(.surplus(1), head(.acknowledge, length: 9) + payload + [0])
        let limit = 32 * 1024 * 1024
        try expectRefusal(.tooLarge(field: "payload", size: limit + 1), head(.acknowledge, length: limit + 1))
    }

    @Test func theFlagOfAMemoryFileIsZeroOrOne() throws {
        try expectRefusal(.invalid(field: "memfd"), [SupervisorMessage.Kind.acknowledge.rawValue, 2, 0, 0, 0, 0])
    }

    @Test(arguments: [0, 2, 253]) func aListenerComesAlone(_ count: Int) throws {
        let payload = encoded(SupervisorMessage.listen(service: "work"))
        let descriptors = [Int32](repeating: 0, count: count)
        try expectRefusal(.wrongDescriptors, head(.listen, length: payload.count) + payload, descriptors)
    }

    @Test func aDescriptorThatNobodyAskedForIsRefusedAndClosed() throws {
        try onLoop {
            let (worker, forger) = try workerAndForger()
            var ends: [Int32] = [-1, -1]
            #expect(pipe(&ends) == 0)
            #expect(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
            let readEnd = FileDescriptor(owning: ends[0])
            let writeEnd = FileDescriptor(owning: ends[1])
            let payload = encoded(SupervisorMessage.drain(milliseconds: 1))
            #expect(try forger.send(head(.drain, length: 8) + payload, descriptors: [writeEnd.number]))
            await expectRefusal(.wrongDescriptors, by: worker)
            close(writeEnd.release())
            // The last writer is gone where the worker has closed what came.
            var byte: UInt8 = 0
            #expect(read(readEnd.number, &byte, 1) == 0)
            worker.close()
            forger.close()
        }
    }

    @Test func aMemoryFileMustHaveEverySeal() throws {
        let payload = encoded(SupervisorMessage.acknowledge(sequence: 5))
        let packet = head(.acknowledge, isInMemory: true, length: payload.count)
        for missing in [Seals.all, Seals.seal, Seals.shrink, Seals.grow, Seals.write] {
            let file = try memoryFile(payload, seals: Seals.all & ~missing)
            try expectRefusal(.notSealed, packet, [file.number])
        }
        try onLoop {
            let (worker, forger) = try workerAndForger()
            let sealed = try memoryFile(payload, seals: Seals.all)
            #expect(try forger.send(packet, descriptors: [sealed.number]))
            guard case .acknowledge(5) = try await worker.next() else { throw Unexpected() }
            worker.close()
            forger.close()
        }
    }

    @Test func aMemoryFileHasTheStatedSize() throws {
        let payload = encoded(SupervisorMessage.acknowledge(sequence: 5))
        let file = try memoryFile(payload, seals: Seals.all)
        for length in [0, 7, 9] {
            try expectRefusal(.notSealed, head(.acknowledge, isInMemory: true, length: length), [file.number])
        }
    }

    @Test func noOtherDescriptorPassesForAMemoryFile() throws {
        let packet = head(.acknowledge, isInMemory: true, length: 8)
        try expectRefusal(.notSealed, packet, [0])
        try expectRefusal(.wrongDescriptors, packet)
        let file = try memoryFile([UInt8](repeating: 0, count: 8), seals: Seals.all)
        try expectRefusal(.wrongDescriptors, packet, [file.number, file.number])
        try expectRefusal(.wrongDescriptors, packet + [0], [file.number])
    }

    @Test func aPacketBeyondTheLargestIsRefused() throws {
        let packet = head(.acknowledge, length: 64 * 1024)
        let payload = [UInt8](repeating: 0, count: 64 * 1024)
        try expectRefusal(.oversized, packet + payload)
    }

    @Test func aWorkerSendsNoMemoryFiles() throws {
        try onLoop {
            let (supervisor, forger) = try supervisorAndForger()
            var encoder = MessageEncoder()
            encoder.put(WorkerMessage.Kind.drained.rawValue)
            encoder.put(true)
            encoder.put(UInt32(0))
            let sealed = try memoryFile([], seals: Seals.all)
            #expect(try forger.send(encoder.bytes, descriptors: [sealed.number]))
            await #expect(throws: ChannelError.message(.wrongDescriptors)) { _ = try await supervisor.next() }
            supervisor.close()
            forger.close()
        }
    }

    @Test func aSocketThatLingersHoldsNobodyUp() throws {
        try onLoop {
            let (worker, forger) = try workerAndForger()
            // A connection with bytes that its peer does not take, made to linger for a minute at its close.
            let listener = try Listener.bind(to: .v4(address: 0x7f00_0001, port: 0))
            guard let address = Listener.localAddress(of: listener) else { throw Unexpected() }
            let connection = FileDescriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
            let number = connection.number
            guard case .v4(let host, let port) = address else { throw Unexpected() }
            var place = sockaddr_in()
            place.sin_family = sa_family_t(AF_INET)
            place.sin_addr.s_addr = host.bigEndian
            place.sin_port = port.bigEndian
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let connected = withUnsafeBytes(of: place) {
                Glibc.connect(number, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, size)
            }
            #expect(connected == 0)
            #expect(fcntl(number, F_SETFL, O_NONBLOCK) == 0)
            let bytes = [UInt8](repeating: 0, count: 1 << 20)
            while write(number, bytes, bytes.count) > 0 {}
            var lingering = linger(l_onoff: 1, l_linger: 60)
            #expect(setsockopt(number, SOL_SOCKET, SO_LINGER, &lingering, socklen_t(MemoryLayout<linger>.size)) == 0)
            #expect(try forger.send(head(.drain, length: 8) + [UInt8](repeating: 0, count: 8), descriptors: [number]))
            Glibc.close(connection.release())
            let start = Instant.now
            await expectRefusal(.wrongDescriptors, by: worker)
            #expect(Instant.now - start < .seconds(5))
            worker.close()
            forger.close()
        }
    }

    @Test func aPeerThatNeverStopsSendingLeavesTimeForTheRest() throws {
        try onLoop {
            let (supervisor, forger) = try supervisorAndForger(gatherTime: .milliseconds(1))
            var encoder = MessageEncoder()
            encoder.put(WorkerMessage.Kind.drained.rawValue)
            encoder.put(false)
            encoder.put(UInt32(0))
            let packet = encoder.bytes
            var turns = 0
            let task = EventLoop.spawn {
                while !Task.isCancelled {
                    turns += 1
                    try? await EventLoop.sleep(for: .milliseconds(1))
                }
            }
            // There is always another one when one has been read.
            for _ in 0..<100 { _ = try forger.send(packet, descriptors: []) }
            for _ in 0..<2000 {
                _ = try await supervisor.next()
                _ = try forger.send(packet, descriptors: [])
            }
            #expect(turns >= 2000 / 256)
            task.cancel()
            supervisor.close()
            forger.close()
        }
    }

    private func expectRefusal(_ reason: IPCError, _ packet: [UInt8], _ descriptors: [Int32] = []) throws {
        try onLoop {
            let (worker, forger) = try workerAndForger()
            #expect(try forger.send(packet, descriptors: descriptors))
            await expectRefusal(reason, by: worker)
            worker.close()
            forger.close()
        }
    }

    @EventLoop private func expectRefusal(_ reason: IPCError, by worker: WorkerEnd) async {
        await #expect(throws: ChannelError.message(reason)) { _ = try await worker.next() }
    }
}
