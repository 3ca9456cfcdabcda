import Testing

@testable import OCMHTTP

@Suite("UTF-8 in pieces")
struct UTF8CheckTests {
    private func isValid(_ bytes: [UInt8], length: Int = .max, ends: Bool = true) -> Bool {
        var check = UTF8Check()
        for start in stride(from: 0, to: bytes.count, by: min(length, max(bytes.count, 1))) {
            let end = start + min(length, bytes.count - start)
            guard check.take(bytes.span.extracting(start..<end)) else { return false }
        }
        return !ends || check.isBetweenCharacters
    }

    @Test("is what the standard library says, for all beginnings of two bytes")
    func short() {
        for first in UInt8(0x70) ... .max {
            requireAgreement([first])
            for second in UInt8.min ... .max {
                requireAgreement([first, second])
                guard first >= 0xE0, second >= 0x70 else { continue }
                for third in [0x7F, 0x80, 0xBF] as [UInt8] {
                    requireAgreement([first, second, third])
                    requireAgreement([first, second, third, 0x80])
                }
            }
        }
    }

    private func requireAgreement(_ bytes: [UInt8]) {
        let expected = (try? UTF8Span(validating: bytes.span)) != nil
        guard isValid(bytes) != expected || isValid(bytes, length: 1) != expected else { return }
        Issue.record("\(bytes)")
    }

    @Test("is what the standard library says, for characters of every length")
    func characters() {
        for value in Array(UInt32(0x80)...0x8FF) + Array(stride(from: 0x901, through: 0x10FFFF, by: 59)) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let bytes = Array(String(scalar).utf8)
            guard !isValid(bytes) || !isValid(bytes, length: 1) || isValid(Array(bytes.dropLast())) else { continue }
            Issue.record("\(value)")
        }
    }

    @Test("is what the standard library says, for texts with faults anywhere")
    func faults() {
        let text = Array("{\"delta\":\"naïve café — 漢字仮名 😀😀, plain letters for a while, then €€€€€€€€\"}".utf8)
        for index in text.indices {
            for byte in [0x41, 0x7F, 0x80, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xE2, 0xED, 0xF0, 0xF4, 0xF5, 0xFF] as [UInt8]
            {
                var changed = text
                changed[index] = byte
                let expected = String(validating: changed, as: UTF8.self) != nil
                for length in [Int.max, 1, 3, 7, 17] where isValid(changed, length: length) != expected {
                    Issue.record("\(index) \(byte) \(length)")
                }
            }
        }
    }

    @Test("tells at the first byte that can't be")
    func early() {
        #expect(!isValid([0x61, 0xC0], ends: false))
        #expect(!isValid([0xE0, 0x9F], ends: false))
        #expect(!isValid([0xED, 0xA0], ends: false))
        #expect(!isValid([0xF4, 0x90], ends: false))
        #expect(!isValid([0xF5], ends: false))
        #expect(isValid([0xF4, 0x8F, 0xBF], ends: false))
        #expect(!isValid([0xF4, 0x8F, 0xBF], ends: true))
    }
}
