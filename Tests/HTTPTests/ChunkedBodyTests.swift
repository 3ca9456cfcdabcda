import OCMHTTP
import Testing

@Suite struct ChunkedBodyTests {
    /// Body, its data, and what of it a relay forwards.
    static let accepted: [(text: String, data: String, forwarded: String)] = [
        ("0\r\n\r\n", "", "0\r\n\r\n"),
        ("5\r\nhello\r\n0\r\n\r\n", "hello", "5\r\nhello\r\n0\r\n\r\n"),
        ("005\r\nhello\r\n000\r\n\r\n", "hello", "005\r\nhello\r\n000\r\n\r\n"),
        (
            "1\r\na\r\nA\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "a01234567890123456789",
            "1\r\na\r\nA\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"
        ),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n", "2\r\n\r\n\r\n0\r\n\r\n"),
        ("0000000000000001\r\nx\r\n0\r\n\r\n", "x", "0000000000000001\r\nx\r\n0\r\n\r\n"),
        ("5;a\r\nhello\r\n0\r\n\r\n", "hello", "5\r\nhello\r\n0\r\n\r\n"),
        (
            "5;a=b;c=\"d;\\\"\r\";e\r\nhello\r\n0;f\r\n\r\n".replacing("\r\"", with: "\""), "hello",
            "5\r\nhello\r\n0\r\n\r\n"
        ),
        ("5;a=\"\"\r\nhello\r\n0\r\n\r\n", "hello", "5\r\nhello\r\n0\r\n\r\n"),
        ("5\r\nhello\r\n0\r\nA: b\r\nC:\r\n\r\n", "hello", "5\r\nhello\r\n0\r\n\r\n"),
        ("1;x=y\r\n0\r\n0;z\r\nX-T: \u{e9}\t\r\n\r\n", "0", "1\r\n0\r\n0\r\n\r\n"),
    ]

    @Test(arguments: accepted)
    func `a chunked body is read and forwarded, however it is cut`(text: String, data: String, forwarded: String) throws
    {
        let bytes = [UInt8](text + "GET /")
        for delivery in Delivery.all(bytes.count) {
            let reading = try readBody(bytes.parts(delivery))
            #expect(String(decoding: reading.data, as: UTF8.self) == data, "\(delivery)")
            #expect(String(decoding: reading.forwarded, as: UTF8.self) == forwarded, "\(delivery)")
            #expect(reading.length == text.utf8.count, "\(delivery)")
            #expect(reading.isComplete && reading.isWholeAtClose)
        }
        for count in 0..<text.utf8.count {
            let reading = try readBody([Array(bytes[..<count])])
            #expect(!reading.isComplete && !reading.isWholeAtClose)
            #expect(reading.length == count)
        }
    }

    @Test(arguments: accepted)
    func `what is forwarded is a body that has the same data and nothing to omit`(
        text: String, data: String, forwarded: String
    ) throws {
        let again = try readBody([[UInt8](forwarded)])
        #expect(String(decoding: again.data, as: UTF8.self) == data)
        #expect(String(decoding: again.forwarded, as: UTF8.self) == forwarded)
    }

    static let refused: [(String, HTTPError)] = [
        ("\r\n", .invalidChunkSize), (";a\r\n", .invalidChunkSize), ("x\r\n", .invalidChunkSize),
        ("5 \r\nhello", .invalidChunkSize), (" 5\r\nhello", .invalidChunkSize), ("5\thello", .invalidChunkSize),
        ("0x5\r\nhello", .invalidChunkSize), ("+5\r\n", .invalidChunkSize), ("-5\r\n", .invalidChunkSize),
        ("5,\r\n", .invalidChunkSize), ("5\r\nhello\r\n\r\n", .invalidChunkSize), ("\n", .invalidChunkSize),
        ("5\u{0}\r\n", .invalidChunkSize), ("5 ;a\r\n", .invalidChunkSize),
        ("5\nhello", .bareLineFeed), ("5\rhello", .bareCarriageReturn), ("5\r\r\n", .bareCarriageReturn),
        ("5;a\rb", .bareCarriageReturn), ("0\r\n\rX", .bareCarriageReturn), ("0\r\nA: b\rC", .bareCarriageReturn),
        ("0\r\nA: b\nC", .bareLineFeed),
        ("8000000000000000\r\n", .chunkSizeOverflow), ("ffffffffffffffff\r\n", .chunkSizeOverflow),
        ("10000000000000000\r\n", .chunkSizeOverflow), ("00000000000000005\r\nhello\r\n", .chunkSizeOverflow),
        ("1\r\na\r\n7fffffffffffffff\r\n", .chunkSizeOverflow), ("1\r\na\r\nffffffffffffffff\r\n", .chunkSizeOverflow),
        ("5;\r\n", .invalidChunkExtension), ("5; a\r\n", .invalidChunkExtension), ("5;a \r\n", .invalidChunkExtension),
        ("5;a=\r\n", .invalidChunkExtension), ("5;=a\r\n", .invalidChunkExtension),
        ("5;;a\r\n", .invalidChunkExtension),
        ("5;a=b=c\r\n", .invalidChunkExtension), ("5;a=\"b\r\n", .invalidChunkExtension),
        ("5;a=\"b\"c\r\n", .invalidChunkExtension), ("5;a=\"\\\r\n", .invalidChunkExtension),
        ("5;a\nhello", .invalidChunkExtension), ("5;a=b\"c\"\r\n", .invalidChunkExtension),
        ("5;a\u{0}\r\n", .invalidChunkExtension), ("5;a=\"\u{1f}\"\r\n", .invalidChunkExtension),
        ("5\r\nhelloX\r\n", .unterminatedChunk), ("5\r\nhello\n0\r\n", .unterminatedChunk),
        ("5\r\nhello\r0\r\n", .unterminatedChunk), ("5\r\nhello world\r\n", .unterminatedChunk),
        ("5\r\nhello0\r\n\r\n", .unterminatedChunk),
        ("0\r\nContent-Length: 5\r\n", .forbiddenTrailer), ("0\r\nA: b\r\nTRANSFER-encoding: x\r\n", .forbiddenTrailer),
        ("0\r\nConnection: close\r\n", .forbiddenTrailer), ("0\r\nhost:\r\n", .forbiddenTrailer),
        ("0\r\nProxy-Connection: close\r\n", .forbiddenTrailer), ("0\r\n\n", .invalidTrailer),
        ("0\r\nA\r\n", .invalidTrailer), ("0\r\nA : b\r\n", .invalidTrailer),
        ("0\r\n: b\r\n", .invalidTrailer), ("0\r\nA: b\r\n c\r\n", .invalidTrailer),
        ("0\r\nA: \u{0}\r\n", .invalidTrailer),
        ("0\r\n\u{e9}: b\r\n", .invalidTrailer),
    ]

    @Test(arguments: refused)
    func `a body that breaks a rule is refused by its name, however it is cut`(text: String, error: HTTPError) {
        let bytes = [UInt8](text)
        for delivery in Delivery.all(bytes.count) {
            #expect(throws: error, "\(delivery)") { try readBody(bytes.parts(delivery)) }
        }
    }

    @Test func `the largest chunk that a size can announce is read`() throws {
        let reading = try readBody([[UInt8]("7fffffffffffffff\r\nabc")])
        #expect(reading.data == [UInt8]("abc"))
    }

    @Test func `extensions up to the limit pass, over the whole body`() throws {
        func body(_ lengths: [Int]) -> [UInt8] {
            let chunks = lengths.map { "1;\(String(repeating: "a", count: $0 - 1))\r\nx\r\n" }
            return [UInt8](chunks.joined() + "0\r\n\r\n")
        }
        #expect(try readBody([body([4096])]).isComplete)
        #expect(try readBody([body([4000, 96])]).isComplete)
        #expect(throws: HTTPError.chunkExtensionsTooLarge(limit: 4096)) { try readBody([body([4097])]) }
        #expect(throws: HTTPError.chunkExtensionsTooLarge(limit: 4096)) { try readBody([body([4000, 97])]) }
    }

    @Test func `trailers up to the limit pass, whatever the extensions were`() throws {
        func body(_ count: Int) -> [UInt8] {
            [UInt8](
                "1;\(String(repeating: "a", count: 4095))\r\nx\r\n0\r\nA:\(String(repeating: "b", count: count - 4))\r\n\r\n"
            )
        }
        #expect(try readBody([body(8192)]).isComplete)
        #expect(throws: HTTPError.trailersTooLarge(limit: 8192)) { try readBody([body(8193)]) }
    }

    @Test func `an event of a paced stream is three pieces`() throws {
        let bytes = [UInt8]("c\r\ndata: {}\r\n\r\n\r\n")
        var body = try BodyReader(.chunked)
        var pieces: [BodyPiece] = []
        var offset = 0
        while let piece = try body.next(in: bytes.span, from: offset) {
            pieces.append(piece)
            offset = piece.range.upperBound
        }
        #expect(pieces.map(\.kind) == [.framing, .data, .framing])
        #expect(pieces.map(\.range) == [0..<3, 3..<15, 15..<17])
    }
}
