import OCMIPC
import Testing

@testable import ocm_supervisor

/// What a request is counted as.
struct UsageBookTests {
    private static let week: Int64 = 1_773_000_000

    private func weeks(_ starts: [Int64], in book: UsageBook = UsageBook()) -> [Int64: UInt64] {
        var book = book
        for start in starts { book.record(usage(input: 1, weekStart: start), prices: testPrices, zone: .fixed(0)) }
        var counted: [Int64: UInt64] = [:]
        for (key, row) in book.rows { counted[key.weekStart, default: 0] += row.total.requests }
        return counted
    }

    @Test("a week whose start varies about the half minute is one week", arguments: [0, 60, -60] as [Int64])
    func jitter(worker: Int64) {
        // As workers send it: to the minute, one this way and one that.
        for starts in [[29, 30, 31, 29, 30], [31, 29, 30], [30, 29], [0, worker, 0, worker]] as [[Int64]] {
            #expect(weeks(starts.map { Self.week + $0 }).count == 1, "\(starts)")
        }
        #expect(weeks([Self.week, Self.week + 7 * 86_400, Self.week - 7 * 86_400]).count == 3)
        #expect(weeks([Self.week, Self.week + 121]).count == 2)
    }

    @Test("a week of a file goes on in its row, to the second as the file has it; rows of a file are not merged")
    func loaded() throws {
        func file(_ starts: [Int64]) throws -> UsageBook {
            var book = UsageBook()
            let rows = starts.map {
                #"{"model": "gpt-5.5", "week_start_unix": \#($0), "total": {"request_count": 10}}"#
            }
            let text = #"{"combinations": [\#(rows.joined(separator: ", "))]}"#
            try UsageFile.read(usages: Array(text.utf8), into: &book)
            return book
        }
        #expect(weeks([Self.week, Self.week + 60], in: try file([Self.week + 31])) == [Self.week + 31: 12])
        #expect(
            weeks([Self.week, Self.week + 60], in: try file([Self.week + 31, Self.week])) == [
                Self.week: 11, Self.week + 31: 11,
            ])
    }

    @Test("moments beyond all calendars are counted, and their weeks and days are such as can be written")
    func extremes() {
        for moment in [.min, .min + 1, -1, 1 << 55, .max - 59, .max - 31, .max] as [Int64] {
            var book = UsageBook()
            book.record(usage(input: 1, weekStart: moment, time: moment), prices: testPrices, zone: .fixed(0))
            #expect(book.rows.keys.map(\.weekStart) == [0])
            #expect(["1970-01-01", "9999-12-31"].contains(book.days.keys.first?.day))
        }
    }

    @Test("made-up models are bounded, and neither a token nor a cent is lost by that")
    func models() throws {
        let prices = try PriceBook.builtIn()
        var book = UsageBook()
        var cost = PicoDollars.zero
        let makers: [(Int) -> String] = [
            { "made-up-\($0)" }, { "gpt-5.5-2027-\($0)" }, { "gpt-5.\(1000 + $0)" }, { "gpt-5.\(1000 + $0)-mini" },
            { "gpt-4o-\($0)" }, { "gpt-audio-mini-\($0)" }, { "o3-pro-\($0)" }, { "gpt-5.4-pro-\($0)" },
        ]
        let count = UsageBook.modelsAtMost
        for number in 0..<count {
            for tier in ["default", "priority"] {
                let model = makers[number % makers.count](number)
                let record = usage(model: model, tier: tier, input: 300_000, output: 7)
                book.record(record, prices: prices, zone: .fixed(0))
            }
        }
        func total() -> (requests: UInt64, cost: PicoDollars) {
            book.rows.reduce((0, .zero)) { sum, row in
                let price = prices.price(of: row.key.model, tier: row.key.tier)?.price(in: row.key.window)
                return (sum.0 + row.value.total.requests, sum.1 + (price?.cost(of: row.value.total) ?? .zero))
            }
        }
        let before = total()
        for number in count..<2 * count {
            let model = makers[number % makers.count](number)
            let record = usage(model: model, tier: "priority", input: 300_000, output: 7)
            let tier = ServiceTier.priority
            let window = prices.window(of: model, tier: tier, inputTokens: 300_000)
            cost += prices.price(of: model, tier: tier)?.price(in: window).cost(of: TokenCounts(record)) ?? .zero
            book.record(record, prices: prices, zone: .fixed(0))
        }
        #expect(book.models.count < count + 20)
        #expect(total() == (before.requests + UInt64(count), before.cost + cost))
        #expect(book.models.contains("other"))
        // What is listed keeps its name.
        book.record(usage(model: "gpt-5.4-nano"), prices: prices, zone: .fixed(0))
        #expect(book.models.contains("gpt-5.4-nano"))
    }
}
