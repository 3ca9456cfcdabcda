import Glibc
import Testing

@testable import OCMLogging

/// What reaches a log's descriptor, whole or not at all.
@Suite struct LogOutletTests {
    private func records(_ lines: [String]) -> (bytes: [UInt8], ends: [Int]) {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for line in lines {
            bytes += line.utf8
            ends.append(bytes.count)
        }
        return (bytes, ends)
    }

    private func read(_ number: Int32, _ count: Int = 1 << 20) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let length = Glibc.read(number, &bytes, count)
        return Array(bytes.prefix(max(length, 0)))
    }

    @Test func aPipeThatIsFullDropsWholeRecordsAndHoldsUpNobody() {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        for end in ends { #expect(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
        defer { for end in ends { close(end) } }
        let outlet = LogOutlet(ends[1])
        guard case .pipe = outlet.kind else { return #expect(Bool(false), "\(outlet.kind)") }
        let line = String(repeating: "x", count: 999) + "\n"
        let (bytes, boundaries) = records(Array(repeating: line, count: 200))
        let lost = outlet.write(bytes.span, ends: boundaries)
        #expect(lost > 100 && lost < 200)
        let taken = read(ends[0])
        #expect(taken.count == (200 - lost) * 1000)
        #expect(taken.elementsEqual(bytes.prefix(taken.count)))
    }

    @Test func aStreamWhoseReaderHasStoppedHoldsUpNobody() {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let outlet = LogOutlet(ends[1])
        guard case .stream = outlet.kind else { return #expect(Bool(false), "\(outlet.kind)") }
        let (bytes, boundaries) = records(Array(repeating: String(repeating: "x", count: 999) + "\n", count: 2000))
        #expect(outlet.write(bytes.span, ends: boundaries) > 0)
    }

    @Test func eachRecordIsADatagramForTheJournalAndALargeOneAFile() {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let outlet = LogOutlet(ends[1], isJournal: true)
        let (bytes, boundaries) = records(["MESSAGE=a\n", "MESSAGE=b\n"])
        #expect(outlet.write(bytes.span, ends: boundaries) == 0)
        #expect(read(ends[0]) == Array("MESSAGE=a\n".utf8))
        #expect(read(ends[0]) == Array("MESSAGE=b\n".utf8))
        let large = records(["MESSAGE=" + String(repeating: "x", count: 1 << 20) + "\n", "MESSAGE=c\n"])
        #expect(outlet.write(large.bytes.span, ends: large.ends) == 0)
        #expect(read(ends[0]).isEmpty, "its datagram has a descriptor and no bytes")
        #expect(read(ends[0]) == Array("MESSAGE=c\n".utf8))
    }

    @Test func aJournalThatTakesNoMoreCostsRecordsAlone() {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let outlet = LogOutlet(ends[1], isJournal: true)
        let (bytes, boundaries) = records(Array(repeating: "MESSAGE=a\n", count: 5000))
        let lost = outlet.write(bytes.span, ends: boundaries)
        #expect(lost > 0 && lost < 5000)
    }
}
