import LoopTestSupport
import OCMEventLoop
import Testing

@testable import ocm_worker

/// The budget of 64 MiB that a worker has by default.
@Suite struct BufferBudgetTests {
    private static let mebibyte = 1 << 20
    private static let limit = 64 * mebibyte

    @Test func eightBodiesOf8MiBFitBesideThousandsOfConnectionsAndNotAByteMore() throws {
        try onLoop {
            let budget = BufferBudget(Self.limit)
            for _ in 0..<2000 { #expect(budget.admit()) }
            for _ in 0..<8 { #expect(budget.keep(8 * Self.mebibyte)) }
            #expect(!budget.keep(1))
            budget.forget(8 * Self.mebibyte)
            #expect(budget.keep(8 * Self.mebibyte))
        }
    }

    @Test func readersThatTakeNothingGetLessAndLessAndLeaveRoomForNewConnections() throws {
        try onLoop {
            let budget = BufferBudget(Self.limit)
            var shares: [BufferShare] = []
            for _ in 0..<2000 {
                #expect(budget.admit(), "connection \(shares.count) with \(budget.taken) bytes taken")
                var share = BufferShare()
                share.update(max(BufferBudget.least, min(65536, budget.readSize)), of: budget)
                shares.append(share)
            }
            #expect(budget.taken < Self.limit * 3 / 4)
            #expect(budget.readSize < 65536)
            for index in shares.indices {
                shares[index].update(0, of: budget)
                budget.release(BufferBudget.least)
            }
            #expect(budget.taken == 0)
            #expect(budget.readSize >= 65536)
        }
    }

    @Test func howeverScarceMemoryIsAReadMayBringALittle() throws {
        try onLoop {
            let budget = BufferBudget(Self.limit)
            var share = BufferShare()
            share.update(10 * Self.limit, of: budget)
            #expect(budget.readSize == BufferBudget.least)
            #expect(budget.isTight)
            #expect(!budget.admit())
            #expect(!budget.keep(1))
        }
    }

    @Test func newConnectionsAreTurnedAwayBeforeMemoryIsUsedUp() throws {
        try onLoop {
            let budget = BufferBudget(Self.limit)
            var count = 0
            while budget.admit() { count += 1 }
            #expect(count == Self.limit * 3 / 4 / BufferBudget.least)
            #expect(budget.taken < Self.limit)
        }
    }

    @Test func aLimitThatIsSwitchedOffAndOneThatShrinksBelowWhatIsTakenAreNumbersLikeOthers() throws {
        try onLoop {
            let budget = BufferBudget(1 << 60)
            #expect(budget.keep(1 << 40))
            #expect(budget.admit())
            budget.update(Self.mebibyte)
            #expect(!budget.keep(1))
            #expect(!budget.admit())
            #expect(budget.readSize == BufferBudget.least)
        }
    }
}
