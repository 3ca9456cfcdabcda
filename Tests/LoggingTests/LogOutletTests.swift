import Glibc
import Logging
import LoopTestSupport
import OCMEventLoop
import Testing

@testable import OCMLogging

/// What reaches a log's descriptor: whole lines, and nothing that waits.
@Suite struct LogOutletTests {
    /// Records of about 1000 bytes, each of which says which it is.
    private func records(_ numbers: Range<Int>, size: Int = 980) -> LogRecordWriter {
        var writer = LogRecordWriter(form: .text, hasTime: false, identifier: "test")
        for number in numbers {
            writer.begin(.info, "line")
            writer.field("number", UInt64(number))
            writer.field("filling", String(repeating: "x", count: size))
            writer.end()
        }
        return writer
    }

    private func read(_ number: Int32, _ count: Int = 1 << 22) -> [UInt8] {
        var bytes: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < count {
            let length = Glibc.read(number, &space, space.count)
            if length <= 0 { break }
            bytes += space.prefix(length)
        }
        return bytes
    }

    /// The numbers of the lines, and how many records were said to be missing; fails where a line is not whole.
    private func lines(_ bytes: [UInt8], size: Int = 980) -> (numbers: [Int], missing: Int) {
        var numbers: [Int] = []
        var missing = 0
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("warning records are missing") {
                missing += words.first { $0.hasPrefix("records=") }.flatMap { Int($0.dropFirst(8)) } ?? 0
            } else {
                #expect(words.count == 4 && words.last?.utf8.count == 8 + size, "\(line.prefix(60))")
                numbers += words.first { $0.hasPrefix("number=") }.flatMap { Int($0.dropFirst(7)) }.map { [$0] } ?? []
            }
        }
        #expect(bytes.isEmpty || bytes.last == .lineFeed)
        return (numbers, missing)
    }

    private enum Line {
        case pipe(Int32)
        case socket(__socket_type)
    }

    /// Calls `body` with the reading end, which does not wait, and the writing end.
    private func with(_ line: Line, _ body: @escaping @EventLoop @Sendable (Int32, Int32) -> Void) throws {
        var ends: [Int32] = [0, 0]
        switch line {
        case .pipe(let flags):
            #expect(pipe(&ends) == 0)
            _ = fcntl(ends[1], F_SETFL, flags)
        case .socket(let type): #expect(socketpair(AF_UNIX, Int32(type.rawValue), 0, &ends) == 0)
        }
        let (reading, writing) = (ends[0], ends[1])
        defer { for end in [reading, writing] { close(end) } }
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        try onLoop { body(reading, writing) }
    }

    /// Writes more than the descriptor takes, reads it empty, and writes again.
    @EventLoop private func overflow(_ outlet: LogOutlet, _ reading: Int32, size: Int = 980) {
        outlet.write(records(0..<2000, size: size))
        #expect(outlet.dropped > 0 && outlet.dropped < 2000)
        var all = read(reading)
        for number in 2000..<2010 {
            outlet.write(records(number..<(number + 1), size: size))
            all += read(reading)
        }
        let (numbers, missing) = lines(all, size: size)
        #expect(numbers.count + missing == 2010 && missing > 0)
        #expect(numbers == numbers.sorted() && numbers.suffix(9) == Array(2001..<2010))
    }

    @Test func aPipeThatIsFullDropsWholeRecordsAndTellsOfThem() throws {
        try with(.pipe(O_NONBLOCK)) { reading, writing in
            let outlet = LogOutlet(writing)
            #expect(outlet.kind == .pipe)
            overflow(outlet, reading)
        }
    }

    @Test func aPipeOnWhichAWriteWouldWaitHoldsUpNobody() throws {
        try with(.pipe(0)) { reading, writing in overflow(LogOutlet(writing), reading) }
    }

    @Test func aRecordThatAPipeTakesInPiecesIsGoneOnWith() throws {
        try with(.pipe(O_NONBLOCK)) { reading, writing in
            overflow(LogOutlet(writing), reading, size: 10_000)
        }
    }

    @Test func aStreamThatHasTakenHalfALineGetsTheRestFirst() throws {
        try with(.socket(SOCK_STREAM)) { reading, writing in
            let outlet = LogOutlet(writing)
            #expect(outlet.kind == .stream)
            overflow(outlet, reading, size: 9_999)
        }
    }

    @Test func aTerminalThatIsHeldHoldsUpNobody() throws {
        let (unlock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)  // ioctl_tty(2): TIOCSPTLCK, TIOCGPTN
        var (lock, number) = (Int32(0), UInt32(0))
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)
        #expect(ioctl(master, unlock, &lock) == 0 && ioctl(master, getNumber, &number) == 0)
        let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        defer { for end in [terminal, master] { close(end) } }
        try onLoop {
            let outlet = LogOutlet(terminal)
            #expect(outlet.kind == .terminal)
            tcflow(terminal, TCOOFF)
            outlet.write(records(0..<3, size: 10))
            #expect(outlet.dropped == 3 && read(master).isEmpty)
            tcflow(terminal, TCOON)
            outlet.write(records(3..<4, size: 10))
            let text = String(decoding: read(master), as: UTF8.self)
            #expect(outlet.dropped == 0 && text.contains("records=3") && text.contains("number=3 "), "\(text)")
        }
    }

    @Test func aFileThatHasNoRoomCostsRecordsAlone() throws {
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        try onLoop {
            let outlet = LogOutlet(full)
            for number in 0..<5 { outlet.write(records(number..<(number + 1))) }
            #expect(outlet.dropped == 5)
        }
    }

    @Test func whatIsLeftOfALineIsBounded() throws {
        try with(.socket(SOCK_STREAM)) { reading, writing in
            let outlet = LogOutlet(writing)
            outlet.write(records(0..<1, size: 4 << 20))
            #expect(outlet.dropped == 0)
            let first = read(reading)
            outlet.write(records(1..<2))
            let rest = read(reading)
            #expect(rest.count < 80 << 10 && first.count + rest.count < 4 << 20)
            #expect(lines(Array(rest.drop { $0 != .lineFeed }.dropFirst())).numbers == [1])
        }
    }

    @Test func eachRecordIsADatagramForTheJournalAndALargeOneAFile() throws {
        try with(.socket(SOCK_DGRAM)) { reading, writing in
            let outlet = LogOutlet(writing, isJournal: true)
            func message(_ text: String) -> LogRecordWriter {
                var writer = LogRecordWriter(form: .journal, hasTime: false, identifier: "test")
                writer.begin(.info, text)
                writer.end()
                return writer
            }
            func datagram() -> String {
                var space = [UInt8](repeating: 0, count: 1 << 16)
                let length = Glibc.read(reading, &space, space.count)
                return String(decoding: space.prefix(max(length, 0)), as: UTF8.self)
            }
            outlet.write(message("a"))
            outlet.write(message(String(repeating: "x", count: 1 << 20)))
            outlet.write(message("c"))
            #expect(datagram().hasPrefix("MESSAGE=a\nPRIORITY=6\n"))
            #expect(datagram().isEmpty, "its datagram has a descriptor and no bytes")
            #expect(datagram().hasPrefix("MESSAGE=c\n"))
            #expect(outlet.dropped == 0)
        }
    }

    @Test func aJournalThatTakesNoMoreCostsRecordsAlone() throws {
        try with(.socket(SOCK_DGRAM)) { _, writing in
            let outlet = LogOutlet(writing, isJournal: true)
            var writer = LogRecordWriter(form: .journal, hasTime: false, identifier: "test")
            for _ in 0..<5000 {
                writer.begin(.info, "a")
                writer.end()
            }
            outlet.write(writer)
            #expect(outlet.dropped > 0 && outlet.dropped < 5000)
        }
    }
}
