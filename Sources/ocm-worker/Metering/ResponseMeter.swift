internal import OCMHTTP

/// Reads the bytes of one response's body as they pass and finds what it used.
///
/// A value of fixed size, whatever the size of the body; it copies nothing of it. Bodies with a content coding are not
/// for it.
struct ResponseMeter: Sendable {
    enum API: Sendable {
        /// `POST /v1/responses…`
        case responses
        /// `POST /v1/chat/completions`
        case chatCompletions
    }

    enum Format: Sendable {
        /// `text/event-stream`
        case eventStream
        /// `application/json`
        case json
    }

    private let api: API
    private var format: Format?
    /// Whether nothing but white space or a byte order mark has come yet.
    private var isAtStart = true
    /// What of a byte order mark may still come, the next byte in the lowest place.
    private var mark = Self.wholeMark
    private static let wholeMark: UInt32 = 0xBF_BBEF
    private var reader = ServerSentEventReader()
    private var document: UsageDocument
    /// Whether the document has seen bytes of the current event.
    private var isDocumentUsed = false
    /// The ending that the current event's name is.
    private var namedEnding: TokenUsage.Ending?
    /// Whether nothing more is to be found: the usage has been returned, or the body can have none.
    private var isDone = false

    /// - Parameter format: nil where the response says neither; its first byte tells then.
    init(api: API, format: Format?) {
        self.api = api
        self.format = format
        document =
            switch (api, format) {
            case (.responses, .eventStream): UsageDocument(.responseEvent)
            case (.responses, .json), (.responses, nil): UsageDocument(.response)
            case (.chatCompletions, _): UsageDocument(.chatCompletion)
            }
    }

    /// Looks at the next bytes of the body (content, without the framing of HTTP), split anywhere.
    ///
    /// - Returns: the usage, once per response, as soon as these bytes complete the JSON text that states it: to be
    ///   reported before they are forwarded. Mostly that is before the event is complete, which spares those clients
    ///   that do not wait for its empty line.
    mutating func scan(_ bytes: Span<UInt8>) -> TokenUsage? {
        guard !isDone else { return nil }
        if format == .eventStream { return scanEvents(bytes) }
        guard isAtStart else { return scanBody(bytes) }
        guard let start = startOfText(in: bytes) else { return nil }
        isAtStart = false
        if format == nil { settleFormat(bytes[start]) }
        let text = bytes.extracting(start..<bytes.count)
        return format == .eventStream ? scanEvents(text) : scanBody(text)
    }

    /// Where the text begins behind a byte order mark and white space; nil where these bytes hold nothing else.
    private mutating func startOfText(in bytes: Span<UInt8>) -> Int? {
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == UInt8(truncatingIfNeeded: mark), mark != 0 {
                mark >>= 8
            } else if mark != 0, mark != Self.wholeMark {
                // Part of one is the beginning of no text.
                isDone = true
                return nil
            } else if byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
                mark = 0
            } else {
                return index
            }
        }
        return nil
    }

    private mutating func settleFormat(_ first: UInt8) {
        format = first == UInt8(ascii: "{") ? .json : .eventStream
        if format == .eventStream, api == .responses { document = UsageDocument(.responseEvent) }
    }

    /// Says that the body has ended, cleanly or not.
    ///
    /// - Returns: the usage, where only the end makes it final: the last line of a stream may lack its end.
    mutating func finish() -> TokenUsage? {
        guard !isDone, format == .eventStream else { return nil }
        let lineEnds: [2 of UInt8] = [0x0A, 0x0A]
        let usage = scanEvents(lineEnds.span)
        isDone = true
        return usage
    }

    private mutating func scanBody(_ bytes: Span<UInt8>) -> TokenUsage? {
        let progress = document.scan(bytes)
        guard progress != .unfinished else { return nil }
        isDone = true
        return document.usage(ending: document.ending ?? .completed)
    }

    private mutating func scanEvents(_ bytes: Span<UInt8>) -> TokenUsage? {
        var position = 0
        while true {
            while api == .responses, bytes.beginsPassingEvent(at: position), reader.isBetweenEvents {
                reader.skipEvent(in: bytes, at: &position)
            }
            guard position < bytes.count else { return nil }
            if let usage = scanEvent(bytes, &position) {
                isDone = true
                return usage
            }
        }
    }

    /// Reads on to the end of the current event, where it has not stated its usage before.
    private mutating func scanEvent(_ bytes: Span<UInt8>, _ position: inout Int) -> TokenUsage? {
        while true {
            switch reader.next(in: bytes, at: &position) {
            case .name: takeName(reader.name(in: bytes))
            case .data(let range): scanData(bytes.extracting(range))
            case .dataBreak:
                let lineFeed: [1 of UInt8] = [0x0A]
                scanData(lineFeed.span)
            case .end:
                beginEvent()
                return nil
            case .starved: return nil
            }
            if let usage = usageOfEvent() { return usage }
        }
    }

    private mutating func beginEvent() {
        namedEnding = nil
        guard isDocumentUsed else { return }
        document.reset()
        isDocumentUsed = false
    }

    /// An event's name, where there is one, decides before any JSON is read. It stands before the data in all that
    /// the API sends; behind them, it still names an event whose JSON has no type.
    private mutating func takeName(_ name: Span<UInt8>) {
        // Chat completions have no names; "message" is what an event without a name is called.
        guard api == .responses else { return }
        namedEnding = TokenUsage.Ending(event: name)
        if namedEnding == nil, !name.isEmpty, !name.matches("message") { passEvent() }
    }

    private mutating func scanData(_ bytes: Span<UInt8>) {
        isDocumentUsed = true
        if document.scan(bytes) == .rejected { passEvent() }
    }

    /// Nothing more of the current event is of interest.
    private mutating func passEvent() {
        reader.skipEvent()
        beginEvent()
    }

    /// The usage of the current event, as soon as its text is complete and its ending is known.
    private func usageOfEvent() -> TokenUsage? {
        guard document.progress == .complete else { return nil }
        let ending = api == .responses ? document.ending ?? namedEnding : .completed
        guard let ending else { return nil }
        return document.usage(ending: ending)
    }
}

extension Span<UInt8> {
    /// Whether `event: response.` stands at `position`, followed by something that no ending's name begins with: a look
    /// at three words that decides about all but a few of the API's events.
    fileprivate func beginsPassingEvent(at position: Int) -> Bool {
        guard count - position >= 24 else { return false }
        // "event: r", "esponse."
        guard eightBytes(at: position) == 0x7220_3A74_6E65_7665, eightBytes(at: position + 8) == 0x2E65_736E_6F70_7365
        else {
            return false
        }
        let name = eightBytes(at: position + 16)
        // "complete", "incomple", "failed"
        return name != 0x6574_656C_706D_6F63 && name != 0x656C_706D_6F63_6E69
            && name & 0xFFFF_FFFF_FFFF != 0x6465_6C69_6166
    }
}
