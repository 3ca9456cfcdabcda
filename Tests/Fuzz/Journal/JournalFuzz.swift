import FuzzSupport
import OCMIPC

@testable import ocm_supervisor

/// One input: a journal as it is, or the bodies of frames, which get the checksums that would else keep everything out.
@main enum JournalFuzz: Fuzzer {
    static func test(_ input: inout Input) {
        var journal: [UInt8] = []
        if input.byte() & 1 == 0 {
            journal = input.bytes
        } else {
            while !input.isEmpty {
                let body = input.part()
                requireSame(body)
                journal += JournalFrame.frame(body, at: journal.count)
            }
        }
        guard
            let replay = try? LedgerReplay(usages: nil, daily: nil, journal: journal, prices: prices, zone: .fixed(0)),
            let reading = replay.journal
        else { return }
        var end = 0
        for range in reading.damage {
            guard range.lowerBound >= end, range.upperBound <= journal.count else { fatalError("damage out of order") }
            end = range.upperBound
        }
        guard reading.end + reading.tornTail <= journal.count else { fatalError("it ends behind its end") }
        // The same, and no more, once the frames behind its end are cut off.
        let sound = Array(journal[..<reading.end])
        guard let again = try? LedgerReplay(usages: nil, daily: nil, journal: sound, prices: prices, zone: .fixed(0)),
            again.book == replay.book, again.marks == replay.marks
        else { fatalError("its sound beginning says something else") }
    }
}

/// What is an entry is written as one that reads as the same.
private func requireSame(_ body: [UInt8]) {
    guard let entry = try? JournalEntry(body: body[...]) else { return }
    guard let again = try? JournalEntry(body: entry.body[...]), again == entry else { fatalError("another entry") }
}

private let prices = (try? PriceBook.builtIn()) ?? PriceBook(table: PriceTable())
