import OCMEventLoop
import Testing

@testable import ocm_supervisor

@Suite struct ProbationTests {
    private let start = Instant(nanoseconds: 1_000_000_000_000)

    private func configuration(_ number: Int) throws -> Configuration {
        try Samples.read(Samples.service("\"listen_port\": \(8080 + number)"))
    }

    @Test func aConfigurationInWhichWorkersKeepDyingDoesNotStandIt() throws {
        var probation = Probation(after: try configuration(1), nil, at: start)
        for number in 1...Probation.deathsAtMost {
            let isOver = probation.noteDeath(at: start + .seconds(number))
            #expect(!isOver)
        }
        let isOver = probation.noteDeath(at: start + .seconds(9))
        #expect(isOver)
    }

    @Test func itIsJudgedByItsFirstTimeAlone() throws {
        var probation = Probation(after: try configuration(1), nil, at: start)
        for number in 0..<20 {
            let isOver = probation.noteDeath(at: start + .seconds(30 + number))
            #expect(!isOver)
        }
    }

    @Test func whatComesBackIsTheLastThatHasStoodIt() throws {
        let (first, second, third) = (try configuration(1), try configuration(2), try configuration(3))
        let early = Probation(after: first, nil, at: start)
        let hasty = Probation(after: second, early, at: start + .seconds(10))
        #expect(hasty.lastGood == first)
        let late = Probation(after: third, hasty, at: start + .seconds(60))
        #expect(late.lastGood == third)
    }
}
