import OCMHTTP
import Testing

@Suite struct RequestRefusalTests {
    @Test(arguments: RequestTable.refused)
    func `a request that breaks a rule is refused by its name, however it is cut`(
        text: String, error: HTTPError
    ) {
        for delivery in Delivery.all(text.utf8.count) {
            #expect(throws: error, "\(delivery)") { try readRequest(text, delivery) }
        }
    }

    @Test func `every control byte is refused in names, values and targets`() {
        let controls = (0..<0x20).filter { $0 != 9 && $0 != 10 && $0 != 13 } + [0x7F]
        for byte in controls.map({ UInt8($0) }) {
            for position in 0..<40 {
                var value = [UInt8](repeating: UInt8(ascii: "v"), count: 40)
                value[position] = byte
                expect(.invalidFieldValue, [UInt8]("GET / HTTP/1.1\r\nHost: h\r\nA: "), value, [UInt8]("\r\n\r\n"))
                expect(.invalidFieldName, [UInt8]("GET / HTTP/1.1\r\nHost: h\r\nA"), value, [UInt8](": b\r\n\r\n"))
                expect(.invalidTarget, [UInt8]("GET /"), value, [UInt8](" HTTP/1.1\r\nHost: h\r\n\r\n"))
            }
        }
    }

    @Test func `what begins like no method is refused before its line has an end`() {
        var head = RequestHead()
        let hello: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00]
        #expect(throws: HTTPError.invalidMethod) { try head.parse(hello.span) }
    }

    private func expect(_ error: HTTPError, _ parts: [UInt8]...) {
        var head = RequestHead()
        #expect(throws: error) { try readRequest(Array(parts.joined()), with: &head) }
    }

    @Test(arguments: [
        (HTTPError.bareLineFeed, 400), (.unknownMethod, 501), (.unsupportedVersion, 505), (.repeatedContentLength, 400),
        (.unsupportedTransferEncoding, 400), (.headTooLarge(limit: 1), 431), (.tooManyFields(limit: 1), 431),
        (.tooManyConnectionOptions(limit: 1), 431), (.bodyTooLarge(limit: 1), 413), (.chunkSizeOverflow, 400),
    ])
    func `a refusal has the status that its rule asks for`(error: HTTPError, status: Int) {
        #expect(error.status == status)
    }
}
