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
    /// Where it asks for a WebSocket.
    let upgrade: WebSocketUpgrade?

    init(_ head: RequestHead, in bytes: Span<UInt8>, user: User?, upgrade: WebSocketUpgrade? = nil) {
        method = head.method
        version = head.version
        keepsAlive = head.keepsAlive && head.version == .http11
        expectsContinue = head.expectsContinue
        self.user = user
        self.upgrade = upgrade
        api = head.method == .post ? MeteredPath.api(of: bytes.extracting(head.path)) : nil
    }
}
