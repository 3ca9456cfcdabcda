internal import OCMHTTP

/// The members of an event `codex.rate_limits` that are read.
enum RateLimitMember: Sendable {
    case type, limits, primary, secondary, credits, meteredLimit, limitName
    case used, minutes, resetAt
    case hasCredits, unlimited, balance

    /// The objects in which they stand.
    enum Place: Sendable {
        case event, limits, primary, secondary, credits
    }

    /// The member of that name; nil where it is of no interest, or stands elsewhere.
    init?(_ name: Span<UInt8>, in place: Place) {
        let names: [(StaticString, RateLimitMember)] =
            switch place {
            case .event:
                [
                    ("type", .type), ("rate_limits", .limits), ("credits", .credits),
                    ("metered_limit_name", .meteredLimit), ("limit_name", .limitName),
                ]
            case .limits: [("primary", .primary), ("secondary", .secondary)]
            case .primary, .secondary: [("used_percent", .used), ("window_minutes", .minutes), ("reset_at", .resetAt)]
            case .credits: [("has_credits", .hasCredits), ("unlimited", .unlimited), ("balance", .balance)]
            }
        for (text, member) in names where name.matches(text) {
            self = member
            return
        }
        return nil
    }

    /// What an object is whose name this is.
    var object: Place? {
        switch self {
        case .limits: .limits
        case .primary: .primary
        case .secondary: .secondary
        case .credits: .credits
        default: nil
        }
    }
}
