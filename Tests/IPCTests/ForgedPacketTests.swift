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
        try expectRefusal(.system(SystemError("recvmsg", EMSGSIZE)), packet + payload)
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
