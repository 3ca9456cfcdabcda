import OCMIPC
import Testing

/// Whatever bytes a peer sends, they are read or refused.
@Suite struct HostileBytesTests {
    @Test(arguments: SupervisorMessage.Kind.allCases)
    func arbitraryBytesToAWorkerAreReadOrRefused(_ kind: SupervisorMessage.Kind) {
        readArbitraryBytes(SupervisorMessage.self, kind, seed: UInt64(kind.rawValue))
    }

    @Test(arguments: WorkerMessage.Kind.allCases)
    func arbitraryBytesToTheSupervisorAreReadOrRefused(_ kind: WorkerMessage.Kind) {
        readArbitraryBytes(WorkerMessage.self, kind, seed: 0x100 + UInt64(kind.rawValue))
    }

    /// What is read all the same must be what its encoding says.
    private func readArbitraryBytes<M: Message>(_ type: M.Type, _ kind: M.Kind, seed: UInt64) {
        var random = SplitMix(state: seed)
        for _ in 0..<4000 {
            let bytes = arbitraryBytes(&random)
            guard let message = try? decoded(M.self, kind, bytes) else { continue }
            #expect(encoded(message) == bytes)
        }
    }

    /// Half of the bytes are zero: counts are then small, and the reader gets further.
    private func arbitraryBytes(_ random: inout SplitMix) -> [UInt8] {
        (0..<Int.random(in: 0...200, using: &random)).map { _ in
            let largest: UInt8 = Bool.random(using: &random) ? 4 : 255
            return Bool.random(using: &random) ? 0 : UInt8.random(in: 0...largest, using: &random)
        }
    }

    @Test func aDamagedMessageIsReadOrRefused() {
        var random = SplitMix(state: 42)
        for message in Samples.supervisor { damage(message, &random) }
        for message in Samples.worker { damage(message, &random) }
    }

    private func damage<M: Message>(_ message: M, _ random: inout SplitMix) {
        let whole = encoded(message)
        guard !whole.isEmpty else { return }
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let read = try? decoded(M.self, message.kind, bytes) else { continue }
            #expect(encoded(read) == bytes)
        }
    }

    @Test(arguments: [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80]] as [[UInt8]])
    func textThatIsNotUTF8IsRefused(_ bytes: [UInt8]) {
        var encoder = MessageEncoder()
        encoder.put(bytes)
        #expect(throws: IPCError.invalid(field: "host")) {
            _ = try decoded(WorkerMessage.self, .resolve, encoder.bytes)
        }
    }

    @Test func aBooleanIsZeroOrOne() {
        for value in UInt8(2)...255 {
            #expect(throws: IPCError.invalid(field: "flag")) {
                var decoder = MessageDecoder([value])
                _ = try decoder.takeBool("flag")
            }
        }
    }

    @Test func enumerationsHaveNoOtherValues() {
        expectInvalid("available", .credential) {
            $0.put("work")
            $0.put(UInt8(2))
        }
        expectInvalid("reason", .credential) {
            $0.put("work")
            $0.put(false)
            $0.put(UInt8(4))
        }
        expectInvalid("mode", .credential) {
            $0.put("work")
            $0.put(true)
            $0.put(UInt64(1))
            $0.put(UInt8(0))
        }
        expectInvalid("address family", .addresses) {
            $0.put("host")
            $0.put(UInt32(1))
            $0.put(UInt8(5))
        }
    }

    private func expectInvalid(
        _ field: StaticString, _ kind: SupervisorMessage.Kind, _ write: (inout MessageEncoder) -> Void
    ) {
        var encoder = MessageEncoder()
        write(&encoder)
        #expect(throws: IPCError.invalid(field: field)) {
            _ = try decoded(SupervisorMessage.self, kind, encoder.bytes)
        }
    }
}

/// SplitMix64: the same bytes in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
