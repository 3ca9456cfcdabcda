import OCMEventLoop
import OCMHTTP
import Testing

@testable import ocm_worker

@Suite struct PeerWatchTests {
    private let start = Instant.now
    private let patience: UInt64 = 30_000_000_000

    @Test func whoIsSilentIsPingedAndWhoStaysSilentHasGone() {
        var watch = PeerWatch(from: start)
        #expect(watch.need(at: start + .seconds(29), patience) == .nothing)
        #expect(watch.deadline(patience) == start + .seconds(30))
        #expect(watch.need(at: start + .seconds(30), patience) == .ping)
        var frame: [UInt8] = []
        watch.ping(at: start + .seconds(30), key: nil, into: &frame)
        #expect(frame.count == 2 + WebSocketLiveness.payloadCount)
        #expect(watch.need(at: start + .seconds(59), patience) == .nothing)
        #expect(watch.need(at: start + .seconds(60), patience) == .end)
    }

    @Test func anyByteIsAnAnswer() {
        var watch = PeerWatch(from: start)
        var frame: [UInt8] = []
        watch.ping(at: start + .seconds(30), key: nil, into: &frame)
        watch.hear(at: start + .seconds(31))
        #expect(watch.need(at: start + .seconds(60), patience) == .nothing)
        #expect(watch.need(at: start + .seconds(61), patience) == .ping)
    }

    @Test func pongsOfTheOtherEndPass() {
        var watch = PeerWatch(from: start)
        var frame: [UInt8] = []
        watch.ping(at: start, key: nil, into: &frame)
        let own = Array(frame[2...])
        let isTaken = [own, Array("still there?".utf8), []].map { watch.takesPong($0.span) }
        #expect(isTaken == [true, false, false])
    }

    @Test func switchedOffItNeverEnds() {
        let watch = PeerWatch(from: start)
        #expect(watch.deadline(.max) == .never)
        #expect(watch.need(at: start + .seconds(1_000_000), .max) == .nothing)
    }
}
