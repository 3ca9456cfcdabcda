internal import OCMHTTP

/// What an exchange has to know of its request once the head has been passed on.
struct Request: Sendable {
    let method: Method
    let version: HTTPVersion
    let keepsAlive: Bool
    let expectsContinue: Bool
    /// Nil where the service had no users.
    let user: User?
    /// How the answer states its usage; nil where there is none to be counted.
    let api: ResponseMeter.API?

    init(_ head: RequestHead, in bytes: Span<UInt8>, user: User?) {
        method = head.method
        version = head.version
        keepsAlive = head.keepsAlive && head.version == .http11
        expectsContinue = head.expectsContinue
        self.user = user
        api = head.method == .post ? Self.api(of: bytes.extracting(head.path)) : nil
    }

    private static func api(of path: Span<UInt8>) -> ResponseMeter.API? {
        if path.begins(with: "/v1/responses") { return .responses }
        if path.begins(with: "/v1/chat/completions") { return .chatCompletions }
        return nil
    }

    static func isChatCompletions(_ path: Span<UInt8>) -> Bool {
        path.begins(with: "/v1/chat/completions")
    }
}

extension Span<UInt8> {
    /// Whether a path begins with this one, and a segment ends there.
    fileprivate func begins(with path: StaticString) -> Bool {
        let length = path.utf8CodeUnitCount
        guard count >= length else { return false }
        for index in 0..<length where unsafe self[index] != path.utf8Start[index] { return false }
        return count == length || self[length] == UInt8(ascii: "/") || self[length] == UInt8(ascii: "?")
    }
}
