import FuzzSupport
import OCMEventLoop

@testable import ocm_supervisor

/// One input: which file, then its text. What is read of it and written reads as the same again.
@main enum UsageFileFuzz: Fuzzer {
    static func test(_ input: inout Input) {
        let isDaily = input.byte() & 1 == 1
        let bytes = input.bytes
        var book = UsageBook()
        do throws(UnreadableUsage) {
            if isDaily {
                try UsageFile.read(daily: bytes, into: &book)
            } else {
                try UsageFile.read(usages: bytes, into: &book)
            }
        } catch {
            if error.reason.isEmpty { fatalError("refused without a reason") }
            return
        }
        let read = book
        EventLoop.run {
            let costed = await CostedBook(read, prices: prices, Pace())
            let text =
                isDaily
                ? await UsageFile.daily(costed, updated: WallTime(seconds: 0), zone: .fixed(0), Pace())
                : await UsageFile.usages(costed, updated: WallTime(seconds: 0), zone: .fixed(0), Pace())
            var again = UsageBook()
            do throws(UnreadableUsage) {
                if isDaily {
                    try UsageFile.read(daily: text, into: &again)
                } else {
                    try UsageFile.read(usages: text, into: &again)
                }
            } catch {
                fatalError("what was written can't be read: \(error.reason)")
            }
            guard again == read else { fatalError("what was written is another book") }
        }
    }
}

private let prices = (try? PriceBook.builtIn()) ?? PriceBook(table: PriceTable())
