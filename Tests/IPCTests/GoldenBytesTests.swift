import Glibc
import OCMIPC
import Testing

/// The very bytes of version 1 of the protocol: what a program of this version says, one of another version has to read.
///
/// A change that shows here needs another version of the protocol, unless no program that speaks this one was ever given
/// away: then the new bytes go into protocol-1.txt, in lines of direction, kind and bytes.
@Suite struct GoldenBytesTests {
    @Test func noMessageOfVersion1HasChanged() throws {
        #expect(Hello.currentVersion == 1)
        let expected = try golden().split(separator: "\n").map(String.init)
        let actual = Samples.supervisor.map { line("supervisor", $0) } + Samples.worker.map { line("worker", $0) }
        for (number, pair) in zip(expected, actual).enumerated() {
            #expect(pair.0 == pair.1, "line \(number + 1)")
        }
        #expect(expected.count == actual.count, "\(actual.joined(separator: "\n"))")
    }

    private func golden() throws -> String {
        let path = #filePath.replacing("GoldenBytesTests.swift", with: "protocol-1.txt")
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private func line<M: Message>(_ direction: String, _ message: M) -> String {
        let digits = encoded(message).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let bytes = digits.isEmpty ? "" : " \(digits.joined())"
        return "\(direction) \(message.kind)=\(message.kind.rawValue)\(bytes)"
    }
}
