import OCMHTTP

/// All that a parsed request head says, by value.
struct RequestReading: Equatable {
    struct Field: Equatable {
        var name: String
        var value: String
        var id: FieldName
        var alias: FieldName
        var isHopByHop: Bool
    }

    var method: Method
    var target: String
    var path: String
    var authority: String
    var version: HTTPVersion
    var framing: BodyFraming
    var keepsAlive: Bool
    var expectsContinue: Bool
    var offersWebSocket: Bool
    var fields: [Field]
    var length: Int

    init(_ head: RequestHead, of bytes: [UInt8], length: Int) {
        method = head.method
        target = bytes.text(head.target)
        path = bytes.text(head.path)
        authority = bytes.text(head.authority)
        version = head.version
        framing = head.framing
        keepsAlive = head.keepsAlive
        expectsContinue = head.expectsContinue
        offersWebSocket = head.offersWebSocket
        fields = head.fields.map { Field($0, of: bytes) }
        self.length = length
    }
}

extension RequestReading.Field {
    init(_ line: FieldLine, of bytes: [UInt8]) {
        self.init(
            name: bytes.text(line.name), value: bytes.text(line.value), id: line.id, alias: line.alias,
            isHopByHop: line.isHopByHop)
    }
}

/// All that a parsed response head says, by value.
struct ResponseReading: Equatable {
    var status: Int
    var reason: String
    var version: HTTPVersion
    var framing: BodyFraming
    var keepsAlive: Bool
    var fields: [RequestReading.Field]
    var length: Int

    init(_ head: ResponseHead, of bytes: [UInt8], length: Int) {
        status = head.status
        reason = bytes.text(head.reason)
        version = head.version
        framing = head.framing
        keepsAlive = head.keepsAlive
        fields = head.fields.map { RequestReading.Field($0, of: bytes) }
        self.length = length
    }
}

/// All that is to be had from a body, by value.
struct BodyReading: Equatable {
    var data: [UInt8] = []
    /// What a relay forwards: all but the omitted bytes.
    var forwarded: [UInt8] = []
    /// Bytes that belong to the body.
    var length = 0
    var isComplete = false
    var isWholeAtClose = false
}

extension [UInt8] {
    init(_ text: String) { self = Array(text.utf8) }

    func text(_ range: ByteRange) -> String { String(decoding: self[range.bounds], as: UTF8.self) }
}

/// How a message reaches its reader.
enum Delivery {
    case whole
    case byteByByte
    /// In two, the first of so many bytes.
    case split(Int)

    /// How many bytes are there at each call.
    func counts(of total: Int) -> [Int] {
        switch self {
        case .whole: [total]
        case .byteByByte: Array(0...total)
        case .split(let count): [count, total]
        }
    }

    /// Every way to deliver a message of `total` bytes.
    static func all(_ total: Int) -> [Delivery] {
        [.whole, .byteByByte] + (0...total).map(Delivery.split)
    }
}

func readRequest(
    _ bytes: [UInt8], _ delivery: Delivery = .whole, limits: HeadLimits = HeadLimits(), with head: inout RequestHead
) throws(HTTPError) -> RequestReading? {
    for count in delivery.counts(of: bytes.count) {
        let part = Array(bytes[..<count])
        if let length = try head.parse(part.span, limits: limits) {
            return RequestReading(head, of: part, length: length)
        }
    }
    return nil
}

func readRequest(
    _ text: String, _ delivery: Delivery = .whole, limits: HeadLimits = HeadLimits()
) throws(HTTPError) -> RequestReading? {
    var head = RequestHead()
    return try readRequest([UInt8](text), delivery, limits: limits, with: &head)
}

func readResponse(
    _ bytes: [UInt8], answering method: Method = .get, _ delivery: Delivery = .whole,
    limits: HeadLimits = HeadLimits(), with head: inout ResponseHead
) throws(HTTPError) -> ResponseReading? {
    for count in delivery.counts(of: bytes.count) {
        let part = Array(bytes[..<count])
        if let length = try head.parse(part.span, answering: method, limits: limits) {
            return ResponseReading(head, of: part, length: length)
        }
    }
    return nil
}

func readResponse(
    _ text: String, answering method: Method = .get, _ delivery: Delivery = .whole, limits: HeadLimits = HeadLimits()
) throws(HTTPError) -> ResponseReading? {
    var head = ResponseHead()
    return try readResponse([UInt8](text), answering: method, delivery, limits: limits, with: &head)
}

/// Reads a body whose bytes come in `parts`.
func readBody(
    _ parts: [[UInt8]], _ framing: BodyFraming = .chunked, limit: UInt64 = .max
) throws(HTTPError) -> BodyReading {
    var reading = BodyReading()
    var body = try BodyReader(framing, limit: limit)
    for part in parts {
        var offset = 0
        while let piece = try body.next(in: part.span, from: offset) {
            if piece.kind == .data { reading.data += part[piece.range] }
            if piece.kind != .omitted { reading.forwarded += part[piece.range] }
            offset = piece.range.upperBound
        }
        reading.length += offset
        if body.isComplete { break }
    }
    reading.isComplete = body.isComplete
    reading.isWholeAtClose = body.isWholeAtClose
    return reading
}

extension [UInt8] {
    /// The bytes as they come by each delivery: here every part is new.
    func parts(_ delivery: Delivery) -> [[UInt8]] {
        switch delivery {
        case .whole: [self]
        case .byteByByte: map { [$0] }
        case .split(let count): [Array(self[..<count]), Array(self[count...])]
        }
    }
}
