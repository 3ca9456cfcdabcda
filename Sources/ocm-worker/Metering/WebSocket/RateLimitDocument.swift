internal import OCMHTTP
internal import OCMIPC

/// Follows the JSON of one event along the path to what `codex.rate_limits` says, and passes over the rest:
/// `{"type": …, "rate_limits": {"primary": {"used_percent": …, "window_minutes": …, "reset_at": …}, "secondary": …},
/// "credits": {"has_credits": …, "unlimited": …, "balance": …}, "metered_limit_name": …, "limit_name": …}`
///
/// The first `type` decides at once whether the rest of the text is worth reading. What can't be read counts as not said.
struct RateLimitDocument: Sendable {
    private var json = JSONScanner()
    private var place = RateLimitMember.Place.event
    /// The member whose value comes next, one of `place`.
    private var member = RateLimitMember.type
    private var primary = RateLimits.Window()
    private var secondary = RateLimits.Window()
    private var credits = RateLimits.Credits()
    private var meteredLimit = BoundedText()
    private var limitName = BoundedText()

    private(set) var progress = UsageDocument.Progress.unfinished
    /// What the event is; nil until the text names its type.
    private(set) var type: EventType?

    /// What a complete text states; nil where it states nothing.
    var limits: RateLimits? {
        guard progress == .complete, type == .rateLimits else { return nil }
        let limit = (meteredLimit.count > 0 ? meteredLimit : limitName).bytes.limitName ?? "codex"
        var limits = RateLimits(
            families: [.init(limit: limit, primary: primary, secondary: secondary)], credits: credits)
        limits.dropVoid()
        return limits.isEmpty ? nil : limits
    }

    /// Looks at the next bytes of the text. What follows the closing brace is not looked at.
    mutating func scan(_ bytes: Span<UInt8>) -> UsageDocument.Progress {
        var position = 0
        while progress == .unfinished {
            switch json.next(in: bytes, at: &position) {
            case .key: enterMember(RateLimitMember(json.text(in: bytes), in: place))
            case .objectStart: enterObject()
            case .objectEnd: leaveObject()
            case .string: takeText(bytes)
            case .number: takeNumber()
            case .literal: takeFlag()
            case .arrayStart: json.skipContainer()
            case .arrayEnd: break
            case .starved: return .unfinished
            case .malformed: progress = .rejected
            }
        }
        return progress
    }

    private mutating func enterMember(_ next: RateLimitMember?) {
        guard let next, !(next == .type && type != nil) else {
            json.skipValue()
            return
        }
        member = next
    }

    private mutating func enterObject() {
        guard json.depth > 1 else { return }
        guard let next = member.object else {
            json.skipContainer()
            return
        }
        place = next
    }

    private mutating func leaveObject() {
        place = place == .primary || place == .secondary ? .limits : .event
        if json.isComplete { progress = .complete }
    }

    private mutating func takeText(_ bytes: Span<UInt8>) {
        switch member {
        case .type:
            type = EventType(json.text(in: bytes))
            if type != .rateLimits { progress = .rejected }
        case .meteredLimit: meteredLimit = json.copyText(from: bytes)
        case .limitName: limitName = json.copyText(from: bytes)
        case .balance: credits.balance = json.text(in: bytes).text(atMost: RateLimits.balanceAtMost) ?? credits.balance
        default: break
        }
    }

    private mutating func takeNumber() {
        guard place == .primary || place == .secondary else { return }
        var window = place == .primary ? primary : secondary
        switch member {
        case .used: window.used = UInt32(exactly: json.hundredths)
        case .minutes: window.minutes = UInt32(exactly: json.count)
        case .resetAt: window.resetAt = Int64(exactly: json.count)
        default: return
        }
        if place == .primary { primary = window } else { secondary = window }
    }

    private mutating func takeFlag() {
        guard let flag = json.flag else { return }
        switch member {
        case .hasCredits: credits.isAvailable = flag
        case .unlimited: credits.isUnlimited = flag
        default: break
        }
    }
}
