import Glibc
import OCMIPC
import Testing

@testable import ocm_supervisor

/// The usage file, both ways.
struct UsageFileTests {
    private static let example = """
        {
          "last_updated": "2026-03-09T01:30:00.123456789+05:30",
          "costs": {
            "total_usd": 1.234567,
            "by_user": {
              "alice": 1.234567
            },
            "by_week": {
              "2026-03-09 01:30:00 UTC+5:30": 1.234567
            },
            "by_user_and_week": {
              "alice": {
                "2026-03-09 01:30:00 UTC+5:30": 1.234567
              }
            }
          },
          "combinations": [
            {
              "model": "gpt-5.4",
              "service_tier": "default",
              "context_window": 272000,
              "week_start_unix": 1773000000,
              "total": {
                "request_count": 3,
                "input_tokens": 1,
                "output_tokens": 1,
                "cached_tokens": 0,
                "cost_usd": 1.234567
              },
              "by_user": {
                "alice": {
                  "request_count": 3,
                  "input_tokens": 1,
                  "output_tokens": 1,
                  "cached_tokens": 0,
                  "cost_usd": 1.234567
                }
              }
            }
          ]
        }

        """

    /// At which the example costs what it says.
    private static let prices = PriceBook(
        table: PriceTable(models: [
            "gpt-5.4": PriceTable.Model(
                standard: TierPrice(
                    price: Price(
                        input: TokenPrice(picoDollars: 1_234_000_000_000), output: TokenPrice(picoDollars: 567_000_000))
                ))
        ]))

    private static let zone = LocalZone.fixed(5 * 3600 + 1800)
    private static let moment = WallTime(seconds: 1_773_000_000, nanoseconds: 123_456_789)

    private func written(
        _ book: UsageBook, prices: PriceBook = Self.prices, zone: LocalZone = Self.zone
    ) throws -> String {
        String(
            decoding: try UsageFile.usages(book, prices: prices, updated: Self.moment, zone: zone), as: UTF8.self)
    }

    private func read(_ text: String) throws -> UsageBook {
        var book = UsageBook()
        try UsageFile.read(usages: Array(text.utf8), into: &book)
        return book
    }

    @Test("the specified example is written byte for byte and read back")
    func example() throws {
        var book = UsageBook()
        for request in [usage(model: "gpt-5.4", input: 1), usage(model: "gpt-5.4", output: 1), usage(model: "gpt-5.4")]
        {
            var request = request
            request.weekStart = 1_773_000_001
            book.record(request, prices: Self.prices, zone: Self.zone)
        }
        #expect(try written(book) == Self.example)
        #expect(try read(Self.example).rows == book.rows)
        #expect(try written(try read(Self.example)) == Self.example)
    }

    @Test("an empty book has no weeks, and requests without user or week are in the sums alone")
    func omissions() throws {
        #expect(
            try written(UsageBook())
                == """
                {
                  "last_updated": "2026-03-09T01:30:00.123456789+05:30",
                  "costs": {
                    "total_usd": 0.000000,
                    "by_user": {}
                  },
                  "combinations": []
                }

                """)
        var book = UsageBook()
        book.record(usage(user: "", model: "gpt-5.4", input: 2), prices: Self.prices, zone: Self.zone)
        let text = try written(book)
        #expect(!text.contains("by_week") && !text.contains("week_start_unix"))
        #expect(text.contains(#""total_usd": 2.468000"#) && text.contains(#""by_user": {}"#))
        #expect(try read(text).rows == book.rows)
    }

    @Test("sums are taken before rounding")
    func rounding() throws {
        var book = UsageBook()
        var prices = PriceBook(table: PriceTable())
        for name in ["a", "b", "c"] {
            let price = Price(input: TokenPrice(picoDollars: 400_000), output: TokenPrice(picoDollars: 0))
            prices.table.models[name] = PriceTable.Model(standard: TierPrice(price: price))
            book.record(usage(model: name, input: 1), prices: prices, zone: Self.zone)
        }
        let text = try written(book, prices: prices)
        #expect(text.contains(#""total_usd": 0.000001"#))
        #expect(text.contains(#""cost_usd": 0.000000"#) && !text.contains(#""cost_usd": 0.000001"#))
    }

    @Test("names are escaped, sorted and read back; further counts stand in rows that have them")
    func names() throws {
        var book = UsageBook()
        for user in ["zoë", "a\"b\\c\n\u{1}", "😀"] {
            book.record(
                usage(user: user, model: "m/\(user)", input: 9, cached: 3, written: 2, output: 5, reasoning: 4),
                prices: Self.prices, zone: Self.zone)
        }
        let text = try written(book)
        #expect(text.contains(#""a\"b\\c\u000a\u0001""#))
        #expect(
            text.contains("\"cached_tokens\": 3,\n        \"cache_write_tokens\": 2,\n        \"reasoning_tokens\": 4,")
        )
        #expect(try read(text).rows == book.rows)
    }

    @Test("a file of the reference loads: older names, missing fields, null lists, fields that are not known")
    func reference() throws {
        let book = try read(
            """
            {"last_updated": "2026-03-09T01:30:00+01:00", "someday": [1, {"x": null}],
             "costs": {"total_usd": 1.23, "by_user": {}},
             "combinations": [
              {"model": "gpt-5", "total": {"request_count": 2, "prompt_tokens": 30, "completion_tokens": 4,
               "cached_tokens": 5, "cost_usd": 0.1}, "by_user": null},
              {"model": "gpt-5", "service_tier": "Priority ", "context_window": 1050000, "week_start_unix": 1773000001,
               "total": {"request_count": 1, "input_tokens": 7, "prompt_tokens": 0, "output_tokens": 8, "new": true},
               "by_user": {"bob": {"request_count": 1, "input_tokens": 7, "output_tokens": 8, "cached_tokens": 0}}},
              {"model": "gpt-5", "service_tier": "scale", "context_window": 272000,
               "total": {"request_count": 1, "input_tokens": 9007199254740993, "output_tokens": -1}}
             ]}
            """)
        let standard = UsageBook.RowKey(model: "gpt-5", tier: .standard, window: .standard, weekStart: 0)
        let priority = UsageBook.RowKey(model: "gpt-5", tier: .priority, window: .long, weekStart: 1_773_000_001)
        #expect(book.rows.count == 2)
        #expect(book.rows[standard]?.total.requests == 3)
        #expect(book.rows[standard]?.total.input == 9_007_199_254_741_023 as UInt64)
        #expect(book.rows[standard]?.total.output == 4)
        #expect(book.rows[standard]?.total.cached == 5)
        #expect(book.rows[priority]?.byUser["bob"]?.input == 7)
        #expect(book.rows[priority]?.total.output == 8)
        #expect(try read(#"{"combinations": null}"#).rows.isEmpty)
        #expect(try read("{}").rows.isEmpty)
    }

    @Test(
        "what is no usage file is refused",
        arguments: [
            "", "[]", "{", "null", #"{"combinations": {}}"#, #"{"combinations": [1]}"#, "{} x", "\u{FEFF}x",
            #"{"OPENAI_API_KEY": null, "tokens": {"access_token": "a"}}"#, #"{"Combinations": []}"#, #"{"costs": {}}"#,
        ])
    func refused(text: String) {
        #expect(throws: UnreadableUsage.self) { try read(text) }
    }

    @Test(
        "what one row has that can't be is told with its place",
        arguments: [
            (
                #"[{}, {"total": {"request_count": 5.5}}]"#,
                "combinations[1].total.request_count is 5.5, which no count can be"
            ),
            (
                #"[{}, {"by_user": {"bob": {"input_tokens": 9223372036854775808}}}]"#,
                "combinations[1].by_user.bob.input_tokens is 9223372036854775808, which no count can be"
            ),
            (#"[{}, {"model": 5}]"#, "combinations[1].model is not what a usage file has there"),
            (#"[{}, 7]"#, "combinations[1] is not what a usage file has there"),
            ("[{},\n {\"model\": \"\\ud800\"}]", "line 2: combinations[1].model: "),
            ("[{},\n {\"model\"]", "line 2: combinations[1]: "),
        ])
    func faults(combinations: String, reason: String) throws {
        let error = try #require(throws: UnreadableUsage.self) { try read(#"{"combinations": \#(combinations)}"#) }
        #expect(error.reason.hasPrefix(reason), "\(error.reason)")
    }

    @Test("the history by day has a line for each row, and is read back")
    func daily() throws {
        var book = UsageBook()
        // Half an hour before and after midnight at five and a half hours east.
        for time in [1_773_000_000 - 7_200, 1_773_000_000] as [Int64] {
            book.record(usage(model: "gpt-5.4", input: 1, time: time), prices: Self.prices, zone: Self.zone)
        }
        let bytes = try UsageFile.daily(book, prices: Self.prices, updated: Self.moment, zone: Self.zone)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == """
                {
                  "last_updated": "2026-03-09T01:30:00.123456789+05:30",
                  "days": [
                    {"day": "2026-03-08", "user": "alice", "model": "gpt-5.4", "service_tier": "default", \
                "context_window": 272000, "request_count": 1, "input_tokens": 1, "output_tokens": 0, \
                "cached_tokens": 0, "cost_usd": 1.234000},
                    {"day": "2026-03-09", "user": "alice", "model": "gpt-5.4", "service_tier": "default", \
                "context_window": 272000, "request_count": 1, "input_tokens": 1, "output_tokens": 0, \
                "cached_tokens": 0, "cost_usd": 1.234000}
                  ]
                }

                """)
        var again = UsageBook()
        try UsageFile.read(daily: bytes, into: &again)
        #expect(again.days == book.days)
    }

    @Test(
        "a week's key shows its start in local time and the offset",
        arguments: [
            (0, "2026-03-08 20:00:00 UTC+0"), (3600, "2026-03-08 21:00:00 UTC+1"),
            (19_800, "2026-03-09 01:30:00 UTC+5:30"), (-12_600, "2026-03-08 16:30:00 UTC-3:30"),
            (-36_000, "2026-03-08 10:00:00 UTC-10"), (20_700, "2026-03-09 01:45:00 UTC+5:45"),
        ])
    func weekKeys(offset: Int, key: String) {
        #expect(LocalZone.fixed(offset).civil(1_773_000_000).weekKey == key)
    }

    @Test("moments are RFC 3339 with nine decimals; the system's zone is the C library's")
    func moments() {
        #expect(LocalZone.fixed(0).civil(0).rfc3339(nanoseconds: 5) == "1970-01-01T00:00:00.000000005Z")
        #expect(LocalZone.fixed(-5400).civil(0).rfc3339(nanoseconds: 0) == "1969-12-31T22:30:00.000000000-01:30")
        var time = time_t(1_773_000_000)
        var parts = tm()
        localtime_r(&time, &parts)
        let civil = LocalZone.system.civil(1_773_000_000)
        #expect(civil.offset == parts.tm_gmtoff)
        #expect(civil == LocalZone.fixed(parts.tm_gmtoff).civil(1_773_000_000))
        #expect(LocalZone.system.civil(.max).offset.magnitude < 86_400)
    }
}
