/// The request methods that are relayed.
///
/// The list is closed on purpose: TRACE would echo the credential of the account back to a client, CONNECT is no
/// request for a resource, and the API knows no others.
package enum Method: UInt8, Sendable, CaseIterable {
    case get, head, post, put, delete, patch, options

    package var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .patch: "PATCH"
        case .options: "OPTIONS"
        }
    }
}

extension Method {
    /// The method that a token names; methods are case-sensitive.
    init?(_ name: Range<Int>, of bytes: Span<UInt8>) {
        let method = Self.allCases.first { bytes.equals($0.name, in: name) }
        guard let method else { return nil }
        self = method
    }
}
