import OCMIPC
import Testing

@testable import ocm_supervisor

/// What one program leaves to the next, and may be of another version.
@Suite struct HandoverTests {
    private static let whole: Handover = {
        var handover = Handover(
            version: "0.1.0", number: 3, begun: Timestamp(nanoseconds: 1_795_000_000_123_456_789),
            started: Timestamp(seconds: 1_794_000_000), stateDirectory: "/var/lib/ocm")
        handover.listeners = [
            .init(service: "codex", isActivated: true, descriptor: 11), .init(service: "räksmörgås", descriptor: 12),
        ]
        handover.adminSocket = .init(path: "/run/ocm/admin.sock", device: .max, inode: 7, descriptor: 13)
        handover.rendezvous = 14
        handover.children = [4711, 4712]
        return handover
    }()

    private static let least = Handover(
        version: "", number: 0, begun: Timestamp(seconds: 0), started: Timestamp(seconds: 0), stateDirectory: "")

    @Test(arguments: [whole, least]) func allOfItIsReadAgain(_ handover: Handover) throws {
        #expect(try Handover(encoded: handover.encoded) == handover)
    }

    @Test func itsBytesStayWhatTheyAre() {
        #expect(
            Self.least.encoded == [
                0x4f, 0x43, 0x4d, 0x48, 1, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 28, 0, 0, 0,
            ] + [UInt8](repeating: 0, count: 28))
    }

    @Test func allDescriptorsAreNamed() {
        #expect(Self.whole.descriptors == [11, 12, 13, 14])
    }

    @Test func noPartOfItIsTakenForTheWhole() {
        let bytes = Self.whole.encoded
        for count in 0..<bytes.count {
            #expect(throws: HandoverError.self, "\(count) bytes") {
                _ = try Handover(encoded: Array(bytes.prefix(count)))
            }
        }
        #expect(throws: HandoverError.malformed(.surplus(1))) { _ = try Handover(encoded: bytes + [0]) }
    }

    @Test func anotherMarkOrFormatIsRefused() {
        var bytes = Self.whole.encoded
        bytes[4] = 2
        #expect(throws: HandoverError.unknownFormat(2)) { _ = try Handover(encoded: bytes) }
        bytes[0] ^= 1
        #expect(throws: HandoverError.malformed(.invalid(field: "mark"))) { _ = try Handover(encoded: bytes) }
    }

    @Test func whatALaterVersionAddsIsPassedOverAndItsDescriptorsAreKnown() throws {
        var encoder = MessageEncoder()
        encoder.put(UInt32(0x484d_434f))
        encoder.put(UInt8(1))
        encoder.put(UInt32(3))
        put(&encoder, kind: 77, descriptor: 21, [1, 2, 3])
        // A rendezvous has no contents today.
        put(&encoder, kind: 4, descriptor: 22, [9, 9])
        put(&encoder, kind: 200, descriptor: -1, [])
        let handover = try Handover(encoded: encoder.contents)
        #expect(handover.rendezvous == 22)
        #expect(handover.unknown == [21])
        #expect(handover.descriptors == [22, 21])
    }

    private func put(_ encoder: inout MessageEncoder, kind: UInt8, descriptor: Int32, _ contents: [UInt8]) {
        encoder.put(kind)
        encoder.put(descriptor)
        encoder.put(contents)
    }

    @Test func whateverTheBytesAreTheyAreReadOrRefused() {
        var generator = SystemRandomNumberGenerator()
        let bytes = Self.whole.encoded
        for _ in 0..<2000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                damaged[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            _ = try? Handover(encoded: damaged)
        }
    }
}

@Suite struct TrialVerdictTests {
    @Test func theVersionIsReadAgain() {
        #expect(TrialVerdict(encoded: TrialVerdict(version: "1.2.3").encoded) == TrialVerdict(version: "1.2.3"))
    }

    @Test func aLaterVersionMaySayMore() {
        #expect(TrialVerdict(encoded: TrialVerdict(version: "1.2.3").encoded + [1, 2, 3]) != nil)
    }

    @Test(arguments: ["", "ocm-supervisor 0.1.0\n", "OCMV", "OCMV\u{0}"]) func anythingElseIsNone(_ text: String) {
        #expect(TrialVerdict(encoded: Array(text.utf8)) == nil)
    }
}
