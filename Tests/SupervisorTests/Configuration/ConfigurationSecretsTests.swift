import Testing

@testable import ocm_supervisor

/// Deterministic, so that a failure can be repeated (Marsaglia's xorshift).
private struct Randomness: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

@Suite("Secrets and errors")
struct ConfigurationSecretsTests {
    /// Long enough that a message which shows half of it is caught.
    private static let fragment = "secret-of"

    @Test("no message shows a token, however the file around it is damaged")
    func damagedFiles() {
        var randomness = Randomness(state: 0x9e37_79b9_7f4a_7c15)
        let whole = Array(Samples.whole)
        let pieces: [[Character]] = ["\"", "\"\"", ",", ":", "{", "}", "[", "]", "//", "/*", "0", "null", "\n", "\\"]
            .map { Array($0) }
        var refused = 0
        for _ in 0..<4_000 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...3, using: &randomness) {
                let place = Int.random(in: damaged.indices, using: &randomness)
                switch Int.random(in: 0..<3, using: &randomness) {
                case 0: damaged.remove(at: place)
                case 1:
                    damaged.insert(contentsOf: pieces[Int.random(in: pieces.indices, using: &randomness)], at: place)
                default: damaged.swapAt(place, Int.random(in: damaged.indices, using: &randomness))
                }
            }
            let text = String(damaged)
            guard text.contains(Samples.token) else { continue }
            let found = Samples.diagnostics(text)
            if found.contains(where: { $0.severity == .error }) { refused += 1 }
            #expect(!found.contains { $0.text.contains(Self.fragment) }, "\(text)")
        }
        #expect(refused > 2_000)
    }

    @Test("no message shows a token that stands in the place of any other value or name")
    func misplacedTokens() {
        let lines = Samples.whole.split(separator: "\"", omittingEmptySubsequences: false)
        for index in stride(from: 1, to: lines.count, by: 2) {
            var parts = lines
            parts[index] = Samples.token[...]
            let found = Samples.diagnostics(parts.joined(separator: "\""))
            #expect(!found.contains { $0.text.contains(Self.fragment) }, "in place of \(lines[index])")
        }
    }

    @Test("names with a key in them are shown without the key")
    func quoting() {
        #expect("sk-abc.DEF_1 rest".quoted == "\"sk-… rest\"")
        #expect("Bearer eyJhbGciOi.eyJzdWIi.sig".quoted == "\"Bearer eyJ…\"")
        #expect("task-runner".quoted == "\"task-runner\"")
        #expect("a\"b\\c\u{1b}[2J\u{202e}".quoted == #""a\"b\\c\u{1b}[2J\u{202e}""#)
        #expect(String(repeating: "x", count: 65).quoted == "\"" + String(repeating: "x", count: 64) + "…\"")
    }
}
