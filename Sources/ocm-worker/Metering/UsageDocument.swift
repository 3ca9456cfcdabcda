internal import OCMHTTP

/// Follows one JSON text, the data of an event or a whole body, along the path to its usage, and passes over the rest.
///
/// Where a name occurs twice in an object the last one counts; but for `type`, which decides at once whether the rest
/// of the text is worth reading.
struct UsageDocument: Sendable {
    enum Shape: Sendable {
        /// `{"type": …, "response": {"model": …, "usage": {…}}}`
        case responseEvent
        /// `{"status": …, "model": …, "usage": {…}}`
        case response
        /// `{"model": …, "usage": {…}}`, the counts under the names that chat completions have for them
        case chatCompletion
    }

    enum Progress: Sendable {
        case unfinished
        /// The text is complete, to the closing brace.
        case complete
        /// Not a JSON object, or an event that ends nothing: no more of it is read.
        case rejected
    }

    private struct Counts: Sendable {
        var input: UInt64 = 0
        var cached: UInt64 = 0
        var cacheWrite: UInt64 = 0
        var output: UInt64 = 0
        var reasoning: UInt64 = 0

        var isEmpty: Bool { input | cached | cacheWrite | output | reasoning == 0 }
    }

    private let root: UsageMember.Place
    private var place: UsageMember.Place
    private var json = JSONScanner()
    /// The member whose value comes next, one of `place`.
    private var member = UsageMember.type
    private var hasType = false
    private var model = BoundedText()
    private var serviceTier = BoundedText()
    private var counts = Counts()

    private(set) var progress = Progress.unfinished
    /// The ending that the text itself names.
    private(set) var ending: TokenUsage.Ending?

    init(_ shape: Shape) {
        root =
            switch shape {
            case .responseEvent: .event
            case .response: .body
            case .chatCompletion: .chatCompletion
            }
        place = root
    }

    /// What a complete text states of a response that ended so; nil where it states no tokens.
    func usage(ending: TokenUsage.Ending) -> TokenUsage? {
        guard progress == .complete, !counts.isEmpty else { return nil }
        return TokenUsage(
            ending: ending, model: model.string, serviceTier: serviceTier.count <= 32 ? serviceTier.string : "",
            inputTokens: counts.input, cachedTokens: counts.cached, cacheWriteTokens: counts.cacheWrite,
            outputTokens: counts.output, reasoningTokens: counts.reasoning)
    }

    /// Looks at the next bytes of the text. What follows the closing brace is not looked at.
    mutating func scan(_ bytes: Span<UInt8>) -> Progress {
        var position = 0
        while progress == .unfinished {
            switch json.next(in: bytes, at: &position) {
            case .key: enterMember(UsageMember(json.text(in: bytes), in: place))
            case .objectStart: enterObject()
            case .objectEnd: leaveObject()
            case .string: takeText(bytes)
            case .number: setCount(json.count)
            case .arrayStart: json.skipContainer()
            case .arrayEnd, .literal: break
            case .starved: return .unfinished
            case .malformed: progress = .rejected
            }
        }
        return progress
    }

    /// Makes ready for another text of the same shape.
    mutating func reset() {
        json.reset()
        place = root
        hasType = false
        forgetResponse()
        progress = .unfinished
        ending = nil
    }

    // MARK: The path

    private mutating func enterMember(_ next: UsageMember?) {
        guard let next, !(next == .type && hasType) else {
            json.skipValue()
            return
        }
        member = next
        // A value of whatever kind replaces what the same name said before.
        switch next {
        case .type: hasType = true
        case .status: ending = nil
        case .response: forgetResponse()
        case .model: model.removeAll()
        case .serviceTier: serviceTier.removeAll()
        case .usage: counts = Counts()
        case .inputDetails: (counts.cached, counts.cacheWrite) = (0, 0)
        case .outputDetails: counts.reasoning = 0
        case .input, .output, .cached, .cacheWrite, .reasoning: setCount(0)
        }
    }

    private mutating func forgetResponse() {
        model.removeAll()
        serviceTier.removeAll()
        counts = Counts()
    }

    private mutating func enterObject() {
        guard json.depth > 1 else { return }
        switch member {
        case .response: place = .response
        case .usage: place = root == .chatCompletion ? .chatUsage : .usage
        case .inputDetails: place = .inputDetails
        case .outputDetails: place = .outputDetails
        default: json.skipContainer()
        }
    }

    private mutating func leaveObject() {
        switch place {
        case .inputDetails, .outputDetails: place = root == .chatCompletion ? .chatUsage : .usage
        case .usage: place = root == .event ? .response : root
        case .chatUsage, .response, .event, .body, .chatCompletion: place = root
        }
        if json.isComplete { progress = .complete }
    }

    // MARK: Values

    private mutating func takeText(_ bytes: Span<UInt8>) {
        switch member {
        case .model: model = json.copyText(from: bytes)
        case .serviceTier: serviceTier = json.copyText(from: bytes)
        case .type:
            ending = TokenUsage.Ending(event: json.text(in: bytes))
            if ending == nil { progress = .rejected }
        case .status: ending = TokenUsage.Ending(status: json.text(in: bytes))
        default: break
        }
    }

    private mutating func setCount(_ count: UInt64) {
        switch member {
        case .input: counts.input = count
        case .output: counts.output = count
        case .cached: counts.cached = count
        case .cacheWrite: counts.cacheWrite = count
        case .reasoning: counts.reasoning = count
        default: break
        }
    }
}

extension TokenUsage.Ending {
    /// The ending that an event of this name or type is; nil where it is none.
    init?(event name: Span<UInt8>) {
        if name.matches("response.completed") {
            self = .completed
        } else if name.matches("response.incomplete") {
            self = .incomplete
        } else if name.matches("response.failed") {
            self = .failed
        } else {
            return nil
        }
    }

    /// The ending that a response's status names; nil where it names none.
    init?(status: Span<UInt8>) {
        if status.matches("completed") {
            self = .completed
        } else if status.matches("incomplete") {
            self = .incomplete
        } else if status.matches("failed") {
            self = .failed
        } else {
            return nil
        }
    }
}
