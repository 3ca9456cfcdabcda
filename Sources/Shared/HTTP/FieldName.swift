/// The field names that mean something to this service; all others are `other`.
///
/// A name that stands for a family (`xForwarded` for `X-Forwarded-…`) is so marked.
package enum FieldName: UInt8, Sendable {
    case other

    // Hop by hop (RFC 9110 section 7.6.1)
    case connection, keepAlive, te, trailer, transferEncoding, upgrade
    /// `Proxy-…`
    case proxy

    // Routing and framing
    case host, contentLength, expect

    // The client's credentials
    case authorization, cookie, apiKey, xAPIKey, chatGPTAccountID

    // What proxies in front add
    case forwarded, xRealIP, via, trueClientIP, cdnLoop
    /// `X-Forwarded-…`
    case xForwarded
    /// `CF-…`
    case cf

    // Content
    case accept, acceptEncoding, contentType, contentEncoding, userAgent

    // Answers
    case altSvc, date, retryAfter, server, setCookie, openAIModel
    /// `X-Codex-…`
    case xCodex

    /// `Sec-WebSocket-…`
    case secWebSocket

    /// Whether the field speaks to the next hop alone, whatever Connection says.
    package var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .te, .trailer, .transferEncoding, .upgrade, .proxy: true
        default: false
        }
    }
}

extension FieldName {
    /// The name that a token stands for, in any case of letters.
    ///
    /// `name` must be a token (RFC 9110 section 5.6.2): no other byte folds to a letter, digit or hyphen of a known name.
    init(_ name: FoldedToken) {
        self = Self.exact(name) ?? Self.family(name) ?? .other
    }

    private static func exact(_ name: FoldedToken) -> FieldName? {
        switch name.count {
        case 2:
            if name.is("te") { return .te }
        case 3:
            if name.is("via") { return .via }
        case 4:
            if name.is("host") { return .host }
            if name.is("date") { return .date }
        case 6:
            if name.is("accept") { return .accept }
            if name.is("cookie") { return .cookie }
            if name.is("server") { return .server }
            if name.is("expect") { return .expect }
        case 7:
            if name.is("upgrade") { return .upgrade }
            if name.is("trailer") { return .trailer }
            if name.is("alt-svc") { return .altSvc }
            if name.is("api-key") { return .apiKey }
        case 8:
            if name.is("cdn-loop") { return .cdnLoop }
        case 9:
            if name.is("x-api-key") { return .xAPIKey }
            if name.is("forwarded") { return .forwarded }
            if name.is("x-real-ip") { return .xRealIP }
        case 10:
            if name.is("connection") { return .connection }
            if name.is("user-agent") { return .userAgent }
            if name.is("keep-alive") { return .keepAlive }
            if name.is("set-cookie") { return .setCookie }
        case 11:
            if name.is("retry-after") { return .retryAfter }
        case 12:
            if name.is("content-type") { return .contentType }
            if name.is("openai-model") { return .openAIModel }
        case 13:
            if name.is("authorization") { return .authorization }
        case 14:
            if name.is("content-length") { return .contentLength }
            if name.is("true-client-ip") { return .trueClientIP }
        case 15:
            if name.is("accept-encoding") { return .acceptEncoding }
        case 16:
            if name.is("content-encoding") { return .contentEncoding }
        case 17:
            if name.is("transfer-encoding") { return .transferEncoding }
        case 18:
            if name.is("chatgpt-account-id") { return .chatGPTAccountID }
        default: break
        }
        return nil
    }

    private static func family(_ name: FoldedToken) -> FieldName? {
        if name.begins(with: "x-codex-") { return .xCodex }
        if name.begins(with: "x-forwarded-") { return .xForwarded }
        if name.begins(with: "cf-") { return .cf }
        if name.begins(with: "proxy-") { return .proxy }
        if name.begins(with: "sec-websocket-") { return .secWebSocket }
        return nil
    }
}
