internal import OCMHTTP

/// The members of a JSON text that lead to its usage or state it.
enum UsageMember: Sendable {
    case type, status, response, model, serviceTier, usage, inputDetails, outputDetails
    case input, output, cached, cacheWrite, reasoning

    /// The objects in which they stand.
    enum Place: Sendable {
        case event, response, body, chatCompletion, usage, chatUsage, inputDetails, outputDetails
    }

    /// The member of that name; nil where it is of no interest, or stands elsewhere.
    init?(_ name: Span<UInt8>, in place: Place) {
        let member: UsageMember? =
            switch place {
            case .event: Self.ofEvent(name)
            case .response, .chatCompletion: Self.ofResponse(name)
            case .body: name.matches("status") ? .status : Self.ofResponse(name)
            case .usage: Self.ofUsage(name)
            case .chatUsage: Self.ofChatUsage(name)
            case .inputDetails: Self.ofInputDetails(name)
            case .outputDetails: name.matches("reasoning_tokens") ? .reasoning : nil
            }
        guard let member else { return nil }
        self = member
    }

    private static func ofEvent(_ name: Span<UInt8>) -> UsageMember? {
        switch name.count {
        case 4: name.matches("type") ? .type : nil
        case 8: name.matches("response") ? .response : nil
        default: nil
        }
    }

    private static func ofResponse(_ name: Span<UInt8>) -> UsageMember? {
        switch name.count {
        case 5: name.matches("usage") ? .usage : name.matches("model") ? .model : nil
        case 12: name.matches("service_tier") ? .serviceTier : nil
        default: nil
        }
    }

    private static func ofUsage(_ name: Span<UInt8>) -> UsageMember? {
        switch name.count {
        case 12: name.matches("input_tokens") ? .input : nil
        case 13: name.matches("output_tokens") ? .output : nil
        case 20: name.matches("input_tokens_details") ? .inputDetails : nil
        case 21: name.matches("output_tokens_details") ? .outputDetails : nil
        default: nil
        }
    }

    private static func ofChatUsage(_ name: Span<UInt8>) -> UsageMember? {
        switch name.count {
        case 13: name.matches("prompt_tokens") ? .input : nil
        case 17: name.matches("completion_tokens") ? .output : nil
        case 21: name.matches("prompt_tokens_details") ? .inputDetails : nil
        case 25: name.matches("completion_tokens_details") ? .outputDetails : nil
        default: nil
        }
    }

    private static func ofInputDetails(_ name: Span<UInt8>) -> UsageMember? {
        switch name.count {
        case 13: name.matches("cached_tokens") ? .cached : nil
        case 18: name.matches("cache_write_tokens") ? .cacheWrite : nil
        default: nil
        }
    }
}
