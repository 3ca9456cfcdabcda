internal import OCMEventLoop
internal import OCMHTTP

/// Meters one response and reports what it used, before the bytes that say so go on to the client.
@EventLoop struct ResponseMetering {
    private let request: Request
    private let service: Service
    private var meter: ResponseMeter?
    /// Generation of the credential that the request is made with.
    var credential: UInt64
    var handover: UsageHandover
    private(set) var usage: TokenUsage?
    /// The answer has a usage, and it can't be read: the API compresses what nobody has asked it to.
    private(set) var isUnreadable = false

    init(request: Request, service: Service, credential: UInt64) {
        self.request = request
        self.service = service
        self.credential = credential
        handover = UsageHandover(service: service, user: request.user)
    }

    /// Looks at the head: what it says of the login's limits, whatever its status, and which form the usage will have.
    mutating func begin(_ head: ResponseHead, of bytes: Span<UInt8>) {
        handover.weekStart = service.limits.read(head, of: bytes, generation: credential)
        guard let api = request.api, head.status < 300 else { return }
        var formats: [ResponseMeter.Format?] = []
        for field in head.fields {
            switch field.id {
            case .contentType: formats.append(Self.format(bytes.extracting(field.value)))
            case .contentEncoding where !bytes.extracting(field.value).isIdentity:
                isUnreadable = true
                service.noteUnreadableUsage()
                return
            default: break
            }
        }
        meter = ResponseMeter(api: api, format: formats.count == 1 ? formats[0] : nil)
    }

    private static func format(_ type: Span<UInt8>) -> ResponseMeter.Format? {
        if type.beginsIgnoringCase(with: "text/event-stream") { return .eventStream }
        return type.beginsIgnoringCase(with: "application/json") ? .json : nil
    }

    mutating func scan(_ bytes: Span<UInt8>, _ model: String) {
        if let usage = meter?.scan(bytes) { report(usage, model) }
    }

    mutating func finish(_ model: String) {
        if let usage = meter?.finish() { report(usage, model) }
        meter = nil
    }

    private mutating func report(_ usage: TokenUsage, _ model: String) {
        self.usage = usage
        handover.report(usage, asked: model)
    }
}

extension Span<UInt8> {
    /// `prefix` in lower case.
    fileprivate func beginsIgnoringCase(with prefix: StaticString) -> Bool {
        guard count >= prefix.utf8CodeUnitCount else { return false }
        for index in 0..<prefix.utf8CodeUnitCount {
            let expected = unsafe prefix.utf8Start[index]
            let byte = self[index]
            let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            guard (isUpper ? byte | 0x20 : byte) == expected else { return false }
        }
        return true
    }

    fileprivate var isIdentity: Bool { count == 8 && beginsIgnoringCase(with: "identity") }
}
