import OCMHTTP
import Testing

@Suite struct HeadLimitsTests {
    private static func request(bytes: Int) -> String {
        let frame = "GET / HTTP/1.1\r\nHost: h\r\nA: \r\n\r\n"
        return frame.replacing("A: ", with: "A: " + String(repeating: "x", count: bytes - frame.utf8.count))
    }

    @Test(arguments: [64, 100, 65536])
    func `a head of exactly the limit passes and one byte more does not`(limit: Int) throws {
        let limits = HeadLimits(bytes: limit)
        #expect(try readRequest(Self.request(bytes: limit - 1), limits: limits)?.length == limit - 1)
        #expect(try readRequest(Self.request(bytes: limit), limits: limits)?.length == limit)
        #expect(throws: HTTPError.headTooLarge(limit: limit)) {
            try readRequest(Self.request(bytes: limit + 1), limits: limits)
        }
    }

    @Test func `however it is cut, a head meets the limit at the same byte`() throws {
        let limits = HeadLimits(bytes: 64)
        for size in 63...66 {
            let text = Self.request(bytes: size)
            for delivery in Delivery.all(size) {
                if size <= 64 {
                    #expect(try readRequest(text, delivery, limits: limits)?.length == size)
                } else {
                    #expect(throws: HTTPError.headTooLarge(limit: 64)) {
                        try readRequest(text, delivery, limits: limits)
                    }
                }
            }
        }
    }

    @Test func `a head without an end is refused when the limit is reached, not before`() throws {
        let limits = HeadLimits(bytes: 100)
        #expect(try readRequest("GET /" + String(repeating: "a", count: 94), limits: limits) == nil)
        #expect(throws: HTTPError.headTooLarge(limit: 100)) {
            try readRequest("GET /" + String(repeating: "a", count: 95), limits: limits)
        }
    }

    @Test func `a body behind the head does not count`() throws {
        let limits = HeadLimits(bytes: 64)
        #expect(try readRequest(Self.request(bytes: 64) + String(repeating: "b", count: 100), limits: limits) != nil)
    }

    @Test(arguments: [1, 2, 200])
    func `as many fields as the limit pass and one more does not`(limit: Int) throws {
        let limits = HeadLimits(fields: limit)
        func request(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "A: b\r\n", count: count - 1) + "\r\n"
        }
        #expect(try readRequest(request(limit), limits: limits)?.fields.count == limit)
        #expect(throws: HTTPError.tooManyFields(limit: limit)) { try readRequest(request(limit + 1), limits: limits) }
    }

    @Test func `thirty-two connection options pass`() throws {
        let options = (1...32).map { "a\($0)" }.joined(separator: ", ")
        #expect(try readRequest("GET / HTTP/1.1\r\nHost: h\r\nConnection: \(options)\r\n\r\n") != nil)
    }

    @Test func `answers have the same limits`() throws {
        let text = "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n"
        let length = text.utf8.count
        #expect(try readResponse(text, limits: HeadLimits(bytes: length, fields: 2)) != nil)
        #expect(throws: HTTPError.headTooLarge(limit: length - 1)) {
            try readResponse(text, limits: HeadLimits(bytes: length - 1))
        }
        #expect(throws: HTTPError.tooManyFields(limit: 1)) { try readResponse(text, limits: HeadLimits(fields: 1)) }
    }

    @Test func `the work for a head grows with its length, however it is cut`() throws {
        // Byte by byte, 64 KiB: a reader that began anew at each byte would look at two thousand million bytes.
        let bytes = [UInt8](Self.request(bytes: 65536))
        var head = RequestHead()
        let clock = ContinuousClock()
        let duration = try clock.measure {
            for count in 1...bytes.count {
                let length = try head.parse(bytes.span.extracting(0..<count))
                #expect((length != nil) == (count == bytes.count))
            }
        }
        #expect(duration < .seconds(2))
    }
}
