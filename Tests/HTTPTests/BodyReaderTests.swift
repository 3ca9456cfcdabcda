import OCMHTTP
import Testing

@Suite struct BodyReaderTests {
    @Test func `a body of known length ends where its length says`() throws {
        let bytes = [UInt8]("helloGET /")
        for delivery in Delivery.all(bytes.count) {
            let reading = try readBody(bytes.parts(delivery), .length(5))
            #expect(reading.data == [UInt8]("hello"))
            #expect(reading.forwarded == reading.data)
            #expect(reading.length == 5)
            #expect(reading.isComplete && reading.isWholeAtClose)
        }
    }

    @Test func `a body that is cut short is not whole`() throws {
        let reading = try readBody([[UInt8]("hell")], .length(5))
        #expect(reading.data == [UInt8]("hell"))
        #expect(!reading.isComplete && !reading.isWholeAtClose)
    }

    @Test func `no body and an empty body are complete before any byte`() throws {
        for framing in [BodyFraming.none, .length(0)] {
            let body = try BodyReader(framing)
            #expect(body.isComplete && body.isWholeAtClose)
            #expect(try readBody([[UInt8]("GET /")], framing).length == 0)
        }
    }

    @Test func `a body until close takes all and is whole when the connection ends`() throws {
        let reading = try readBody([[UInt8]("hello"), [], [UInt8](" world")], .untilClose)
        #expect(reading.data == [UInt8]("hello world"))
        #expect(!reading.isComplete && reading.isWholeAtClose)
    }

    @Test func `a body of exactly the limit passes and one byte more does not`() throws {
        #expect(try readBody([[1, 2, 3]], .length(3), limit: 3).isComplete)
        #expect(throws: HTTPError.bodyTooLarge(limit: 2)) { try BodyReader(.length(3), limit: 2) }
        #expect(try readBody([[1, 2], [3]], .untilClose, limit: 3).data.count == 3)
        #expect(throws: HTTPError.bodyTooLarge(limit: 3)) { try readBody([[1, 2], [3, 4]], .untilClose, limit: 3) }
        #expect(try readBody([[UInt8]("2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")], limit: 3).isComplete)
        #expect(throws: HTTPError.bodyTooLarge(limit: 2)) {
            try readBody([[UInt8]("2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")], limit: 2)
        }
    }

    @Test func `the bytes received are counted without their framing`() throws {
        var body = try BodyReader(.chunked)
        let bytes = [UInt8]("5\r\nhello\r\n3;a=b\r\nwor\r\n")
        var offset = 0
        while let piece = try body.next(in: bytes.span, from: offset) { offset = piece.range.upperBound }
        #expect(body.received == 8)
        #expect(offset == bytes.count)
        #expect(!body.isComplete)
    }
}
