internal import OCMHTTP

/// The members of a JSON text that lead to its usage or state it.
enum UsageMember: Sendable {
    case type, status, response, model, serviceTier, usage, inputDetails, outputDetails
    case input, output, cached, cacheWrite, reasoning

    /// The objects in which they stand.
    enum Place: Sendable {
        case event, response, chatCompletion, usage, chatUsage, inputDetails, outputDetails
    }

    /// The member of that name; nil where it is of no interest, or stands elsewhere.
    init?(_ name: Span<UInt8>, in place: Place) {
        let member: UsageMember? =
            switch place {
            case .event: Self.ofEvent(name)
            case .response: name.matches("status") ? .status : Self.ofResponse(name)
            case .chatCompletion: Self.ofResponse(name)
            case .usage: Self.ofUsage(name)
            case .chatUsage: Self.ofChatUsage(name)
            case .inputDetails: Self.ofInputDetails(name)
            case .outputDetails: name.matches("reasoning_tokens") ? .reasoning : nil
            }
        guard let member else { return nil }
        self = member
    }

    private static func ofEvent(_ name: Span<UInt8>) -> UsageMember? {
        if name.matches("type") { return .type }
        return name.matches("response") ? .response : nil
    }

    private static func ofResponse(_ name: Span<UInt8>) -> UsageMember? {
        if name.matches("model") { return .model }
        if name.matches("usage") { return .usage }
        return name.matches("service_tier") ? .serviceTier : nil
    }

    private static func ofUsage(_ name: Span<UInt8>) -> UsageMember? {
        if name.matches("input_tokens") { return .input }
        if name.matches("output_tokens") { return .output }
        if name.matches("input_tokens_details") { return .inputDetails }
        return name.matches("output_tokens_details") ? .outputDetails : nil
    }

    private static func ofChatUsage(_ name: Span<UInt8>) -> UsageMember? {
        if name.matches("prompt_tokens") { return .input }
        if name.matches("completion_tokens") { return .output }
        if name.matches("prompt_tokens_details") { return .inputDetails }
        return name.matches("completion_tokens_details") ? .outputDetails : nil
    }

    private static func ofInputDetails(_ name: Span<UInt8>) -> UsageMember? {
        if name.matches("cached_tokens") { return .cached }
        return name.matches("cache_write_tokens") ? .cacheWrite : nil
    }
}
