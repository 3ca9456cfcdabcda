import Foundation

@testable import ocm_worker

/// What a response used, found without haste: the body as a whole, its lines in an array, its JSON parsed by
/// Foundation. The meter has to agree with it on every stream.
struct UsageOracle {
    /// A count, and by how much the meter's may differ, where Foundation has only a floating-point number.
    struct Count: Equatable {
        var value: UInt64
        var tolerance: UInt64 = 0

        func admits(_ other: UInt64) -> Bool {
            other >= value.subtractingReportingOverflow(tolerance).partialValue || tolerance > value
                ? other <= value || other - value <= tolerance : false
        }
    }

    struct Finding: Equatable {
        var ending: TokenUsage.Ending
        var model: String
        var serviceTier: String
        /// Input, cached, cache write, output, reasoning.
        var counts: [Count]

        func admits(_ usage: TokenUsage) -> Bool {
            usage.ending == ending && Self.isSame(usage.model, model) && Self.isSame(usage.serviceTier, serviceTier)
                && counts[0].admits(usage.inputTokens) && counts[1].admits(usage.cachedTokens)
                && counts[2].admits(usage.cacheWriteTokens) && counts[3].admits(usage.outputTokens)
                && counts[4].admits(usage.reasoningTokens)
        }

        /// To the byte; but a repaired text is longer than what was repaired, and may exceed a limit only thereby.
        private static func isSame(_ text: String, _ expected: String) -> Bool {
            text.utf8.elementsEqual(expected.utf8) || text.unicodeScalars.contains("\u{FFFD}")
        }
    }

    let api: ResponseMeter.API
    let format: ResponseMeter.Format

    func finding(in body: [UInt8]) -> Finding? {
        switch format {
        case .json: closedText(in: body).flatMap { finding(inText: $0, named: .completed) }
        case .eventStream: finding(inStream: body)
        }
    }

    /// Whether `finding` may be wrong, because the body has numbers or a depth that Foundation refuses.
    static func isBeyondFoundation(_ body: [UInt8]) -> Bool {
        var depth = 0
        var digits = 0
        var isExponent = false
        for byte in body {
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                if digits >= (isExponent ? 3 : 250) { return true }
                continue
            case UInt8(ascii: "e"), UInt8(ascii: "E"): isExponent = true
            case UInt8(ascii: "+") where isExponent: break
            default: isExponent = false
            }
            digits = 0
            if depth > JSONDepth.compared { return true }
        }
        return false
    }

    private enum JSONDepth {
        /// Deeper than this, counted without regard to what closes, the meter does not match brackets.
        static let compared = 60
    }

    // MARK: The stream

    private func finding(inStream body: [UInt8]) -> Finding? {
        var event = Event()
        for line in lines(of: body) {
            guard !line.isEmpty else {
                event = Event()
                continue
            }
            let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
            var value = line[colon...].dropFirst()
            if value.first == UInt8(ascii: " ") { value.removeFirst() }
            switch String(decoding: line[..<colon], as: UTF8.self) {
            case "event" where api == .responses: event.takeName(value)
            case "data": event.data = event.data.map { $0 + [UInt8(ascii: "\n")] + value } ?? Array(value)
            default: continue
            }
            if event.isRejected { continue }
            guard let data = event.data, let text = closedText(in: data) else { continue }
            let named = api == .responses ? event.ending : .completed
            if let found = finding(inText: text, named: named) { return found }
        }
        return nil
    }

    private struct Event {
        var data: [UInt8]?
        var ending: TokenUsage.Ending?
        var isRejected = false

        mutating func takeName(_ bytes: ArraySlice<UInt8>) {
            let name = String(decoding: bytes, as: UTF8.self)
            ending = UsageOracle.ending(event: name)
            // Once it is known to be none of interest nothing of it is read.
            if ending == nil, !["", "message"].contains(name) { isRejected = true }
        }
    }

    private func lines(of body: [UInt8]) -> [ArraySlice<UInt8>] {
        let stream = body.starts(with: [0xEF, 0xBB, 0xBF]) ? body.dropFirst(3) : body[...]
        let (cr, lf) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"))
        let first = stream.firstIndex { $0 == cr || $0 == lf }
        let isAnyLineEnd = first.map { stream[$0] == cr && $0 + 1 < stream.endIndex && stream[$0 + 1] != lf } ?? false
        guard isAnyLineEnd else {
            return stream.split(separator: lf, omittingEmptySubsequences: false).map {
                $0.last == cr ? $0.dropLast() : $0
            }
        }
        var lines: [ArraySlice<UInt8>] = []
        var start = stream.startIndex
        var index = start
        while index < stream.endIndex {
            if stream[index] == cr || stream[index] == lf {
                lines.append(stream[start..<index])
                if stream[index] == cr, index + 1 < stream.endIndex, stream[index + 1] == lf { index += 1 }
                start = index + 1
            }
            index += 1
        }
        lines.append(stream[start...])
        return lines
    }

    // MARK: The text

    /// The shortest beginning of `bytes` that is a JSON object, made fit for Foundation: ill-formed UTF-8 and escaped
    /// halves of surrogate pairs are replaced, and a byte order mark in a string, which it would drop, is escaped.
    private func closedText(in bytes: [UInt8]) -> Data? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let bytes = format == .json && bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes
        guard !bytes.starts(with: mark) else { return nil }
        for end in bytes.indices where bytes[end] == UInt8(ascii: "}") {
            let repaired = String(decoding: bytes[...end], as: UTF8.self).replacing("\u{FEFF}", with: #"\ufeff"#)
            let text = Data(Self.replacingLoneSurrogates(in: Array(repaired.utf8)))
            if text.contains(0) { return nil }
            if (try? JSONSerialization.jsonObject(with: text)) is [String: Any] { return text }
        }
        return nil
    }

    private static func replacingLoneSurrogates(in bytes: [UInt8]) -> [UInt8] {
        func unit(at index: Int) -> UInt32? {
            guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
            else { return nil }
            let digits = bytes[(index + 2)..<(index + 6)]
            guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }) else { return nil }
            return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        }
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\") else {
                result.append(bytes[index])
                index += 1
                continue
            }
            var length = min(2, bytes.count - index)
            var replacement: [UInt8]?
            if let first = unit(at: index) {
                length = 6
                let isPair =
                    (0xD800..<0xDC00).contains(first)
                    && (unit(at: index + 6).map { (0xDC00..<0xE000).contains($0) } ?? false)
                if isPair {
                    length = 12
                } else if (0xD800..<0xE000).contains(first) {
                    replacement = Array(#"\ufffd"#.utf8)
                }
            }
            result += replacement ?? Array(bytes[index..<(index + length)])
            index += length
        }
        return result
    }

    private struct Typed: Decodable {
        let type: String?
    }

    /// The finding in a complete text; `named` is the ending where the text itself has no type.
    private func finding(inText text: Data, named: TokenUsage.Ending?) -> Finding? {
        guard let object = try? JSONSerialization.jsonObject(with: text) as? [String: Any] else { return nil }
        var ending = named
        var response = object
        switch (api, format) {
        case (.responses, .eventStream):
            // The first type decides; and of several members of one name JSONDecoder takes the first.
            if let type = (try? JSONDecoder().decode(Typed.self, from: text))?.type {
                guard let own = Self.ending(event: type) else { return nil }
                ending = own
            }
            response = object["response"] as? [String: Any] ?? [:]
        case (.responses, .json):
            ending = ["incomplete": .incomplete, "failed": .failed][object["status"] as? String ?? ""] ?? .completed
        case (.chatCompletions, _):
            break
        }
        guard let ending else { return nil }
        let usage = response["usage"] as? [String: Any] ?? [:]
        let (input, output) = api == .responses ? ("input", "output") : ("prompt", "completion")
        let inputDetails = usage["\(input)_tokens_details"] as? [String: Any] ?? [:]
        let outputDetails = usage["\(output)_tokens_details"] as? [String: Any] ?? [:]
        let counts = [
            Self.count(usage["\(input)_tokens"]), Self.count(inputDetails["cached_tokens"]),
            Self.count(inputDetails["cache_write_tokens"]), Self.count(usage["\(output)_tokens"]),
            Self.count(outputDetails["reasoning_tokens"]),
        ]
        guard counts.contains(where: { $0.value > 0 }) else { return nil }
        return Finding(
            ending: ending, model: Self.text(response["model"], atMost: 128),
            serviceTier: Self.text(response["service_tier"], atMost: 32), counts: counts)
    }

    private static func ending(event name: String) -> TokenUsage.Ending? {
        ["response.completed": .completed, "response.incomplete": .incomplete, "response.failed": .failed][name]
    }

    private static func text(_ value: Any?, atMost limit: Int) -> String {
        guard let text = value as? String, text.utf8.count <= limit else { return "" }
        return text
    }

    private static func count(_ value: Any?) -> Count {
        guard let number = value as? NSNumber else { return Count(value: 0) }
        switch UInt8(bitPattern: number.objCType.pointee) {
        case UInt8(ascii: "c"), UInt8(ascii: "B"): return Count(value: 0)
        case UInt8(ascii: "q"): return Count(value: UInt64(max(0, number.int64Value)))
        case UInt8(ascii: "Q"): return Count(value: number.uint64Value)
        default:
            let value = number.doubleValue
            guard value > 0 else { return Count(value: 0) }
            guard value < 0x1p64 else { return Count(value: .max, tolerance: 1 << 12) }
            return Count(value: UInt64(value), tolerance: UInt64(value / 0x1p51) + 1)
        }
    }
}
