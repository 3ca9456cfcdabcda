internal import FoundationEssentials

/// Why a file is not a usage file.
struct UnreadableUsage: Error, Equatable {
    var reason: String
}

extension UsageFile {
    /// Adds the rows of a usage file, this program's or the reference's, to a book. Costs are not read: they follow from
    /// the counts. Fields that are not known are passed over.
    static func read(usages json: [UInt8], into book: inout UsageBook) throws(UnreadableUsage) {
        for combination in try decode(UsageListing.self, json).combinations {
            let key = UsageBook.RowKey(
                model: combination.model ?? "", tier: ServiceTier(normalising: combination.service_tier ?? ""),
                window: ContextWindow(listed: combination.context_window), weekStart: combination.week_start_unix ?? 0)
            book.update(key) { row in
                var users = TokenCounts()
                for (name, counts) in combination.by_user ?? [:] {
                    row.byUser[name, default: TokenCounts()] += counts.counts
                    users += counts.counts
                }
                row.total += combination.total?.counts ?? users
            }
        }
    }

    /// Adds the rows of a history by day to a book.
    static func read(daily json: [UInt8], into book: inout UsageBook) throws(UnreadableUsage) {
        for day in try decode(DailyListing.self, json).days {
            let key = UsageBook.DayKey(
                day: day.day, user: day.user ?? "", model: day.model ?? "",
                tier: ServiceTier(normalising: day.service_tier ?? ""),
                window: ContextWindow(listed: day.context_window))
            book.add(day.counts.counts, to: key)
        }
    }

    private static func decode<Listing: Decodable>(
        _ type: Listing.Type, _ json: [UInt8]
    ) throws(UnreadableUsage) -> Listing {
        do {
            return try JSONDecoder().decode(type, from: Data(json))
        } catch let error as DecodingError {
            throw UnreadableUsage(reason: fault(in: json, error))
        } catch {
            throw UnreadableUsage(reason: "\(error)")
        }
    }
}

/// The usage file as it is written, older names included.
private struct UsageListing: Decodable {
    struct Combination: Decodable {
        var model: String?
        var service_tier: String?
        var context_window: Int64?
        var week_start_unix: Int64?
        var total: CountsListing?
        var by_user: [String: CountsListing]?
    }

    var combinations: [Combination]

    /// Everything else may be missing; but an object that says other things than a usage file is none.
    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: AnyKey.self)
        let key = AnyKey(stringValue: "combinations")
        guard members.contains(key) || members.allKeys.isEmpty else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: [], debugDescription: UsageFile.noCombinations))
        }
        combinations = try members.decodeIfPresent([Combination].self, forKey: key) ?? []
    }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        nil
    }
}

private struct DailyListing: Decodable {
    struct Day: Decodable {
        private enum Key: String, CodingKey {
            case day, user, model, service_tier, context_window
        }

        var day: String
        var user: String?
        var model: String?
        var service_tier: String?
        var context_window: Int64?
        var counts: CountsListing

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Key.self)
            day = try members.decode(String.self, forKey: .day)
            user = try members.decodeIfPresent(String.self, forKey: .user)
            model = try members.decodeIfPresent(String.self, forKey: .model)
            service_tier = try members.decodeIfPresent(String.self, forKey: .service_tier)
            context_window = try members.decodeIfPresent(Int64.self, forKey: .context_window)
            counts = try CountsListing(from: decoder)
        }
    }

    var days: [Day]
}

private struct CountsListing: Decodable {
    var request_count: Int64?
    var input_tokens: Int64?
    var prompt_tokens: Int64?
    var output_tokens: Int64?
    var completion_tokens: Int64?
    var cached_tokens: Int64?
    var cache_write_tokens: Int64?
    var reasoning_tokens: Int64?

    var counts: TokenCounts {
        var counts = TokenCounts()
        counts.requests = count(request_count)
        counts.input = count(input_tokens, older: prompt_tokens)
        counts.output = count(output_tokens, older: completion_tokens)
        counts.cached = count(cached_tokens)
        counts.cacheWrite = count(cache_write_tokens)
        counts.reasoning = count(reasoning_tokens)
        return counts
    }

    /// A count under its name or, where that says nothing, under its older one.
    private func count(_ listed: Int64?, older: Int64? = nil) -> UInt64 {
        let count = listed ?? 0
        return UInt64(max(0, count == 0 ? older ?? 0 : count))
    }
}

extension ContextWindow {
    /// The window that a file names; files older than the windows name none.
    fileprivate init(listed tokens: Int64?) {
        self = tokens.flatMap { $0 > 0 ? ContextWindow(rawValue: $0) : nil } ?? .standard
    }
}
