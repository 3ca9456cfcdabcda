internal import OCMHTTP
internal import OCMIPC

/// Reads the messages that the API sends over a WebSocket as they pass: each is the JSON of one event.
///
/// A value of fixed size, and a small one between two messages: what reads JSON is there while a message may be of
/// interest. Of most messages the first three words tell that they are not.
struct ServerMessageMeter: Sendable {
    /// Indirect, since nearly always there is none, and then nothing should have to be moved.
    indirect enum Finding: Equatable, Sendable {
        /// What a response used.
        case usage(TokenUsage)
        /// What the event `codex.rate_limits` says.
        case limits(RateLimits)
    }

    /// What reads one message. Only one of the two ever comes to its end.
    private struct Reading: Sendable {
        var usage = UsageDocument(.responseEvent)
        var limits = RateLimitDocument()
    }

    private enum Phase: Sendable {
        case start
        case reading
        /// Nothing more of the message is of interest.
        case passing
    }

    private var phase = Phase.start
    /// One while the phase is `reading`, else none.
    private var readings: [Reading] = []
    private var type: EventType?

    /// Looks at the next bytes of a message, split anywhere.
    ///
    /// - Returns: what the message states, once, as soon as these bytes complete its JSON text: to be reported before they
    ///   are forwarded.
    mutating func scan(_ bytes: Span<UInt8>) -> Finding? {
        if phase == .passing || bytes.isEmpty { return nil }
        if phase == .start {
            if bytes.beginsPassingEvent {
                type = .progress
                phase = .passing
                return nil
            }
            readings.append(Reading())
            phase = .reading
        }
        return read(bytes)
    }

    /// The message is complete: its type, where it names one.
    mutating func endMessage() -> EventType? {
        let ended = phase == .reading ? readings[0].limits.type : type
        if phase == .reading { readings = [] }
        phase = .start
        type = nil
        return ended
    }

    private mutating func read(_ bytes: Span<UInt8>) -> Finding? {
        let usage = readings[0].usage.scan(bytes)
        let limits = readings[0].limits.scan(bytes)
        if usage == .unfinished || limits == .unfinished { return nil }
        type = readings[0].limits.type
        var finding: Finding?
        if let limits = readings[0].limits.limits {
            finding = .limits(limits)
        } else if let ending = readings[0].usage.ending {
            finding = readings[0].usage.usage(ending: ending).map { .usage($0) }
        }
        readings = []
        phase = .passing
        return finding
    }
}

extension Span<UInt8> {
    /// Whether these bytes begin like an event of a response that ends none: `{"type":"response.` and something that no
    /// ending's name begins with.
    fileprivate var beginsPassingEvent: Bool {
        // `{"type":`
        guard count >= 32, eightBytes(at: 0) == 0x3A22_6570_7974_227B else { return false }
        let start = self[8] == UInt8(ascii: " ") ? 9 : 8
        // `"respons`, `e.`
        guard eightBytes(at: start) == 0x736E_6F70_7365_7222, self[start + 8] == UInt8(ascii: "e"),
            self[start + 9] == UInt8(ascii: ".")
        else { return false }
        let name = eightBytes(at: start + 10)
        // `complete`, `incomple`, `cancelle`, `failed`
        return name != 0x6574_656C_706D_6F63 && name != 0x656C_6C65_636E_6163 && name != 0x656C_706D_6F63_6E69
            && name & 0xFFFF_FFFF_FFFF != 0x6465_6C69_6166
    }
}
