import Foundation
import Testing

@testable import ocm_worker

/// What the end-to-end tests' API sends in each of its modes, written down with what it counts (fake-api-streams.py).
@Suite("The usage in what the fake API sends")
struct FakeAPIStreamsTests {
    fileprivate struct Case: Decodable {
        struct Usage: Decodable {
            var ending: String
            var model: String
            var tier: String
            var input: UInt64
            var cached: UInt64
            var cacheWrite: UInt64
            var output: UInt64
            var reasoning: UInt64
        }

        var name: String
        var api: String
        var format: String
        var body: String
        var usage: Usage?
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    private static func streams() throws -> [MeteredStream] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let json = try Data(contentsOf: folder.appending(path: "fake-api-streams.json"))
        return try decoder.decode([Case].self, from: json).map { one in
            MeteredStream(
                one.name, api: one.api == "chat" ? .chatCompletions : .responses,
                format: one.format == "json" ? .json : .eventStream, one.body, one.usage.map { TokenUsage($0) })
        }
    }

    @Test("is what it counts, whole and byte by byte")
    func found() throws {
        let streams = try Self.streams()
        #expect(streams.count >= 40 && streams.count { $0.expected != nil } >= 40)
        for stream in streams {
            for length in [Int.max, 1, 7] {
                let result = ResponseMeter.usage(of: stream.body, api: stream.api, format: stream.format) { length }
                #expect(result.usage == stream.expected, "\(stream.name), in pieces of \(length)")
                #expect(result.reports == (stream.expected == nil ? 0 : 1), "\(stream.name)")
            }
        }
    }

    @Test("is written down as it is sent today")
    func current() throws {
        let script = Self.folder.appending(path: "fake-api-streams.py").path
        let check = Process()
        check.executableURL = URL(filePath: "/usr/bin/env")
        check.arguments = ["python3", script, "--check"]
        try check.run()
        check.waitUntilExit()
        #expect(check.terminationStatus == 0, "run fake-api-streams.py")
    }
}

extension TokenUsage {
    fileprivate init(_ usage: FakeAPIStreamsTests.Case.Usage) {
        self.init(
            ending: ["incomplete": .incomplete, "failed": .failed][usage.ending] ?? .completed, model: usage.model,
            serviceTier: usage.tier, inputTokens: usage.input, cachedTokens: usage.cached,
            cacheWriteTokens: usage.cacheWrite, outputTokens: usage.output, reasoningTokens: usage.reasoning)
    }
}
