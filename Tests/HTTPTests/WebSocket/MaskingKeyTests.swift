import Testing

@testable import OCMHTTP

@Suite("Masks")
struct MaskingKeyTests {
    @Test("are applied as RFC 6455 has them, wherever they begin and end")
    func octets() {
        let octets: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        let key = MaskingKey(0x37, 0xFA, 0x21, 0x3D)
        let source = (0..<200).map { UInt8(truncatingIfNeeded: $0 * 7) }
        for start in 0..<5 {
            for count in 0..<90 {
                for offset in [0, 1, 2, 3, 4, 1_000_003] as [UInt64] {
                    var expected = source
                    for index in 0..<count { expected[start + index] ^= octets[(index + Int(offset)) % 4] }
                    var bytes = source
                    var span = bytes.mutableSpan
                    let isASCII = key.apply(to: &span, in: start..<start + count, offset: offset)
                    let isASCIIExpected = expected[start..<start + count].allSatisfy { $0 < 0x80 }
                    guard bytes != expected || isASCII != isASCIIExpected else { continue }
                    Issue.record("\(start) \(count) \(offset)")
                }
            }
        }
    }

    @Test("are replaced in one pass")
    func replaced() {
        let (old, new) = (MaskingKey(1, 2, 3, 4), MaskingKey(0xF0, 0xE1, 0xD2, 0xC3))
        var bytes = letters(99)
        var span = bytes.mutableSpan
        old.apply(to: &span, in: 0..<99, offset: 2)
        (old ^ new).apply(to: &span, in: 0..<50, offset: 2)
        (old ^ new).apply(to: &span, in: 50..<99, offset: 52)
        new.apply(to: &span, in: 0..<99, offset: 2)
        #expect(bytes == letters(99))
    }

    @Test("have keys that do not repeat")
    func keys() {
        var source = MaskingKeySource()
        let keys = Set((0..<1000).map { _ in source.next().bits })
        #expect(keys.count > 990)
    }
}
