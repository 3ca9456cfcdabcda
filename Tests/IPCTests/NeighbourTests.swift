import LoopTestSupport
import OCMEventLoop
import OCMIPC
import Testing

/// What becomes of messages between two versions.
@Suite struct NeighbourTests {
    @Test func aNeighbourIsTheVersionBeforeOrAfter() {
        #expect(Neighbour(version: 3, own: 3) == .same)
        #expect(Neighbour(version: 2, own: 3) == .older)
        #expect(Neighbour(version: 4, own: 3) == .newer)
        for version in [0, 1, 5, 255] as [UInt8] { #expect(Neighbour(version: version, own: 3) == .stranger) }
    }

    @Test func ofANewerOneIsPassedOverWhatIsNotKnown() throws {
        try onLoop {
            let (worker, forger) = try workerAndForger()
            worker.peer = .newer
            // A kind of message that there is not, with a descriptor, and a field behind the last.
            #expect(try forger.send([200, 0, 0, 0, 0, 0], descriptors: [0]))
            #expect(try forger.send(head(.acknowledge, length: 10) + [7, 0, 0, 0, 0, 0, 0, 0, 1, 2], descriptors: []))
            #expect(try forger.send(head(.ping, length: 0), descriptors: []))
            guard case .acknowledge(7)? = try await worker.next() else { throw Unexpected() }
            guard case .ping? = try await worker.next() else { throw Unexpected() }
            worker.close()
            forger.close()
        }
    }

    @Test func ofAStrangerIsTakenWhatLasts() throws {
        try onLoop {
            let (worker, forger) = try workerAndForger()
            worker.peer = .stranger
            // What it calls a configuration may be anything.
            #expect(try forger.send(head(.configure, length: 2) + [1, 2], descriptors: []))
            #expect(try forger.send(head(.log, length: 0), descriptors: [0]))
            #expect(try forger.send(head(.drain, length: 8) + [9, 0, 0, 0, 0, 0, 0, 0], descriptors: []))
            guard case .drain(milliseconds: 9)? = try await worker.next() else { throw Unexpected() }
            worker.close()
            forger.close()
        }
    }

    @Test func aStrangerIsToldWhatLasts() throws {
        try onLoop {
            let (supervisor, worker) = try channels()
            supervisor.peer = .stranger
            try supervisor.send(.ping)
            try supervisor.send(.report)
            try supervisor.send(.acknowledge(sequence: 5))
            guard case .acknowledge(5)? = try await worker.next() else { throw Unexpected() }
            supervisor.close()
            worker.close()
        }
    }

    @Test func aNeighbourThatIsNotNewerIsHeldToItsWord() throws {
        for neighbour in [Neighbour.same, .older] {
            try onLoop {
                let (worker, forger) = try workerAndForger()
                worker.peer = neighbour
                #expect(try forger.send([200, 0, 0, 0, 0, 0], descriptors: []))
                await #expect(throws: ChannelError.message(.unknownMessage(200))) { _ = try await worker.next() }
                worker.close()
                forger.close()
            }
        }
    }
}
