import Testing

@testable import OCMHTTP

@Suite struct ScanTests {
    private static let tokenBytes = Set("!#$%&'*+-.^_`|~0123456789".utf8)
        .union(UInt8(ascii: "a")...UInt8(ascii: "z")).union(UInt8(ascii: "A")...UInt8(ascii: "Z"))

    /// For each byte value and each place in texts of many lengths, with and without bytes behind them.
    private func check(
        fill: UInt8, accepts: (UInt8) -> Bool, scan: (Span<UInt8>, Range<Int>) -> Int, byte: (UInt8) -> Bool
    ) {
        for value in UInt8.min...UInt8.max {
            #expect(byte(value) == accepts(value), "\(value)")
            for (length, tail) in [(1, 0), (15, 0), (16, 0), (17, 20), (33, 0), (40, 20)] {
                for place in 0..<length {
                    var bytes = [UInt8](repeating: fill, count: length + tail)
                    bytes[place] = value
                    let end = accepts(value) ? length : place
                    #expect(scan(bytes.span, 0..<length) == end, "\(value) at \(place) of \(length)")
                }
            }
        }
    }

    @Test func `a token ends at the first byte that is none of a token`() {
        check(
            fill: UInt8(ascii: "x"), accepts: Self.tokenBytes.contains, scan: { $0.endOfToken(in: $1) },
            byte: \.isTokenByte)
        check(
            fill: UInt8(ascii: "~"), accepts: Self.tokenBytes.contains, scan: { $0.endOfToken(in: $1) },
            byte: \.isTokenByte)
    }

    @Test func `a value ends at the first control byte but the tab`() {
        check(
            fill: 0xC3, accepts: { $0 >= 0x20 && $0 != 0x7F || $0 == 9 }, scan: { $0.endOfFieldContent(in: $1) },
            byte: \.isFieldByte)
    }

    @Test func `a target ends at the first byte that does not print`() {
        check(
            fill: UInt8(ascii: "/"), accepts: { (0x21...0x7E).contains($0) }, scan: { $0.endOfVisible(in: $1) },
            byte: \.isVisible)
    }

    @Test func `a scan stays within its range`() {
        let bytes = [UInt8]("aaaa:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
        #expect(bytes.span.endOfToken(in: 0..<3) == 3)
        #expect(bytes.span.endOfVisible(in: 2..<4) == 4)
        #expect(bytes.span.endOfFieldContent(in: 5..<5) == 5)
        #expect(bytes.span.firstIndex(of: UInt8(ascii: ":"), in: 0..<4) == nil)
        #expect(bytes.span.firstIndex(of: UInt8(ascii: ":"), in: 0..<5) == 4)
        #expect(bytes.span.firstIndex(of: UInt8(ascii: ":"), in: 5..<bytes.count) == nil)
        #expect([UInt8]().span.firstIndex(of: 0, in: 0..<0) == nil)
    }

    @Test func `host characters are those of RFC 3986`() {
        let set = Set("-._~!$&'()*+,;=0123456789".utf8)
            .union(UInt8(ascii: "a")...UInt8(ascii: "z")).union(UInt8(ascii: "A")...UInt8(ascii: "Z"))
        for byte in UInt8.min...UInt8.max { #expect(byte.isUnreservedOrSubDelimiter == set.contains(byte)) }
    }
}
