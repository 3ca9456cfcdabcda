import OCMEventLoop
import Testing

@testable import ocm_worker

@Suite struct FailureRecordTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    @Test func fiveFailuresAMinuteAreAnsweredAtOnceTheNextOnesLaterAndLater() {
        var record = FailureRecord()
        let delays = (0..<40).map { _ in record.note(.v4(1), at: start).delay }
        #expect(delays.prefix(5).allSatisfy { $0 == .zero })
        #expect(delays[5] == .milliseconds(100))
        #expect(delays.last == .seconds(2))
        let later = record.note(.v4(1), at: start + .seconds(61)).delay
        #expect(later == .zero)
    }

    @Test func eachBlockOfAddressesIsLoggedOnceAMinute() {
        var record = FailureRecord()
        let logged = [0, 59, 61].map { record.note(.v4(1), at: start + .seconds($0)).isLogged }
        #expect(logged == [true, false, true])
    }

    @Test func aFloodOfFailuresFromAMillionNetworksForgetsNobodyAndTakesNoMemory() {
        var record = FailureRecord()
        for _ in 0..<30 { _ = record.note(.v6(7), at: start) }
        for network in 0..<1_000_000 { _ = record.note(.v6(UInt64(network) << 16), at: start) }
        let delay = record.note(.v6(7), at: start).delay
        #expect(delay == .seconds(2))
    }

    @Test func noMoreThan256AnswersAreHeldBack() {
        var record = FailureRecord()
        let held = (0..<300).map { _ in record.hold() }
        #expect(held.count { $0 } == 256)
        record.letGo()
        let again = record.hold()
        #expect(again)
    }
}

@Suite struct AddressBlockTests {
    private func block(_ literal: String) throws -> AddressBlock {
        let address: SocketAddress = try #require(SocketAddress(literal: literal, port: 1))
        return AddressBlock(address)
    }

    @Test func addressesOfOneSubscribersIPv6NetworkAreOneClient() throws {
        #expect(try block("2001:db8::1") == block("2001:db8::ffff:0:1"))
        #expect(try block("2001:db8::1") != block("2001:db8:0:1::1"))
    }

    @Test func ipv4AddressesAreClientsOfTheirOwnWhicheverWayTheyAreWritten() throws {
        #expect(try block("192.0.2.1") == block("::ffff:192.0.2.1"))
        #expect(try block("192.0.2.1") != block("192.0.2.2"))
        #expect(try block("::ffff:192.0.2.1") != block("::ffff:192.0.2.2"))
    }
}
