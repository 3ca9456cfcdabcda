/// The fields of one head and what they say about the connection and the body.
struct FieldSection: Sendable {
    /// What a Connection field says (RFC 9110 section 7.6.1).
    struct ConnectionOptions: OptionSet {
        let rawValue: UInt8
        static let close = ConnectionOptions(rawValue: 1)
        static let keepAlive = ConnectionOptions(rawValue: 2)
        static let upgrade = ConnectionOptions(rawValue: 4)
        /// It names fields of the message.
        static let fields = ConnectionOptions(rawValue: 8)
    }

    /// More options than this no honest Connection has; each of them is compared with each field.
    static let maximumConnectionOptions = 32

    private(set) var lines: [FieldLine] = []
    private(set) var connection: ConnectionOptions = []
    private(set) var contentLength: UInt64?
    private(set) var isChunked = false
    private(set) var host: FieldLine?
    private(set) var hasManyHosts = false
    private(set) var hasManyAuthorizations = false
    private(set) var expectsContinue = false
    private(set) var offersWebSocket = false
    private var hasAuthorization = false
    private var connectionOptionCount = 0

    /// Forgets all but the memory.
    mutating func reset() {
        var lines: [FieldLine] = []
        swap(&lines, &self.lines)
        lines.removeAll(keepingCapacity: true)
        self = FieldSection()
        self.lines = lines
    }

    /// Takes one line, without its CRLF (RFC 9112 section 5).
    ///
    /// - Parameter isClean: whether it is known to hold no control byte but tabs.
    mutating func add(
        _ line: Range<Int>, isClean: Bool, of bytes: Span<UInt8>, limits: HeadLimits
    ) throws(HTTPError) {
        guard lines.count < limits.fields else { throw .tooManyFields(limit: limits.fields) }
        let colon = try Self.endOfName(line, of: bytes)
        let name = line.lowerBound..<colon
        let value = colon + 1..<line.upperBound
        if !isClean {
            let end = bytes.endOfFieldContent(in: value)
            guard end == value.upperBound else {
                throw bytes[end] == .carriageReturn ? .bareCarriageReturn : .invalidFieldValue
            }
        }
        let token = bytes.foldedToken(in: name)
        let id = FieldNameTable.shared[token]
        let alias = id == .other ? token.hyphenated.map { FieldNameTable.shared[$0] } : nil
        let field = FieldLine(name: name, value: bytes.trimmed(value), id: id, alias: alias ?? id)
        lines.append(field)
        if field.id != .other { try note(field, of: bytes) }
    }

    /// To be called once, after the last line.
    mutating func finish(_ bytes: Span<UInt8>) {
        guard connection.contains(.fields) else { return }
        for index in lines.indices where lines[index].id == .connection {
            var options = ListElements(of: lines[index].value)
            while let option = options.next(in: bytes) {
                markHopByHop(bytes.extracting(option), in: bytes)
            }
        }
    }

    /// Whether the connection persists by what the sender says (RFC 9112 section 9.3).
    func keepsAlive(_ version: HTTPVersion) -> Bool {
        !connection.contains(.close) && (version == .http11 || connection.contains(.keepAlive))
    }

    private static func endOfName(_ line: Range<Int>, of bytes: Span<UInt8>) throws(HTTPError) -> Int {
        let end = bytes.endOfToken(in: line)
        if end < line.upperBound, bytes[end] == UInt8(ascii: ":") {
            guard end > line.lowerBound else { throw .emptyFieldName }
            return end
        }
        if bytes[line.lowerBound].isBlank { throw .foldedField }
        guard end < line.upperBound else { throw .invalidFieldName }
        if bytes[end] == .carriageReturn { throw .bareCarriageReturn }
        let gap = bytes.trimmed(end..<line.upperBound)
        let isSpaced = end < gap.lowerBound && !gap.isEmpty && bytes[gap.lowerBound] == UInt8(ascii: ":")
        throw isSpaced ? .whitespaceBeforeColon : .invalidFieldName
    }

    private mutating func note(_ field: FieldLine, of bytes: Span<UInt8>) throws(HTTPError) {
        switch field.id {
        case .connection: try noteConnection(field.value, of: bytes)
        case .contentLength: try noteContentLength(field.value, of: bytes)
        case .transferEncoding: try noteTransferEncoding(field.value, of: bytes)
        case .host:
            hasManyHosts = host != nil
            host = field
        case .authorization:
            hasManyAuthorizations = hasAuthorization
            hasAuthorization = true
        case .expect:
            if bytes.equalsIgnoringCase("100-continue", in: field.value.bounds) { expectsContinue = true }
        case .upgrade:
            var protocols = ListElements(of: field.value)
            while let name = protocols.next(in: bytes) {
                if bytes.equalsIgnoringCase("websocket", in: name) { offersWebSocket = true }
            }
        default: break
        }
    }

    private mutating func noteConnection(_ value: ByteRange, of bytes: Span<UInt8>) throws(HTTPError) {
        var options = ListElements(of: value)
        while let option = options.next(in: bytes) {
            connectionOptionCount += 1
            guard connectionOptionCount <= Self.maximumConnectionOptions else {
                throw .tooManyConnectionOptions(limit: Self.maximumConnectionOptions)
            }
            if bytes.equalsIgnoringCase("keep-alive", in: option) {
                connection.insert(.keepAlive)
            } else if bytes.equalsIgnoringCase("close", in: option) {
                connection.insert(.close)
            } else if bytes.equalsIgnoringCase("upgrade", in: option) {
                connection.insert(.upgrade)
            } else {
                connection.insert(.fields)
            }
        }
    }

    /// RFC 9112 section 6.3, rule 5, without its leave to merge equal values.
    private mutating func noteContentLength(_ value: ByteRange, of bytes: Span<UInt8>) throws(HTTPError) {
        guard contentLength == nil else { throw .repeatedContentLength }
        guard !isChunked else { throw .contentLengthWithTransferEncoding }
        guard !value.isEmpty, !Self.isFollowedByTab(value, in: bytes) else { throw .invalidContentLength }
        var length: UInt64 = 0
        for index in value.bounds {
            let byte = bytes[index]
            if byte == UInt8(ascii: ",") { throw .repeatedContentLength }
            guard byte.isDigit else { throw .invalidContentLength }
            let (product, overflow) = length.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { throw .invalidContentLength }
            length = sum
        }
        contentLength = length
    }

    /// RFC 9112 section 6.1: chunked is the only coding that is understood here.
    private mutating func noteTransferEncoding(_ value: ByteRange, of bytes: Span<UInt8>) throws(HTTPError) {
        guard contentLength == nil else { throw .contentLengthWithTransferEncoding }
        guard !isChunked, bytes.equalsIgnoringCase("chunked", in: value.bounds),
            !Self.isFollowedByTab(value, in: bytes)
        else { throw .unsupportedTransferEncoding }
        isChunked = true
    }

    /// Whether there is a tab between the value and the end of its line: white space by the grammar, but not to every
    /// reader, and where a body ends all must agree.
    private static func isFollowedByTab(_ value: ByteRange, in bytes: Span<UInt8>) -> Bool {
        var index = value.bounds.upperBound
        while bytes[index] == .space { index += 1 }
        return bytes[index] == .tab
    }

    private mutating func markHopByHop(_ option: Span<UInt8>, in bytes: Span<UInt8>) {
        for index in lines.indices where lines[index].name.count == option.count {
            guard lines[index].id != .host, lines[index].id != .contentLength else { continue }
            if bytes.extracting(lines[index].name).equalsIgnoringCase(option) { lines[index].isHopByHop = true }
        }
    }
}
