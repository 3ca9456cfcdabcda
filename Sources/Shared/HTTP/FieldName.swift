/// The field names that mean something to this service; all others are `other`.
///
/// A name that stands for a family (`xForwarded` for `X-Forwarded-…`) is so marked.
package enum FieldName: UInt8, CaseIterable, Sendable {
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
    case altSvc, date, retryAfter, server, setCookie, openAIModel, xRequestID
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
    /// Whether it may stand behind a body: it is about neither connection, framing nor routing (RFC 9110 section 6.5.1).
    var isTrailer: Bool {
        !isHopByHop && self != .contentLength && self != .host
    }

    /// The name in small letters; of a family, what its names begin with; empty for `other`.
    var spelling: StaticString {
        switch self {
        case .other: ""
        case .connection: "connection"
        case .keepAlive: "keep-alive"
        case .te: "te"
        case .trailer: "trailer"
        case .transferEncoding: "transfer-encoding"
        case .upgrade: "upgrade"
        case .proxy: "proxy-"
        case .host: "host"
        case .contentLength: "content-length"
        case .expect: "expect"
        case .authorization: "authorization"
        case .cookie: "cookie"
        case .apiKey: "api-key"
        case .xAPIKey: "x-api-key"
        case .chatGPTAccountID: "chatgpt-account-id"
        case .forwarded: "forwarded"
        case .xRealIP: "x-real-ip"
        case .via: "via"
        case .trueClientIP: "true-client-ip"
        case .cdnLoop: "cdn-loop"
        case .xForwarded: "x-forwarded-"
        case .cf: "cf-"
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .contentType: "content-type"
        case .contentEncoding: "content-encoding"
        case .userAgent: "user-agent"
        case .altSvc: "alt-svc"
        case .date: "date"
        case .retryAfter: "retry-after"
        case .server: "server"
        case .setCookie: "set-cookie"
        case .openAIModel: "openai-model"
        case .xRequestID: "x-request-id"
        case .xCodex: "x-codex-"
        case .secWebSocket: "sec-websocket-"
        }
    }

    /// Whether it stands for all names that begin with its spelling.
    var isFamily: Bool {
        switch self {
        case .proxy, .xForwarded, .cf, .xCodex, .secWebSocket: true
        default: false
        }
    }
}
