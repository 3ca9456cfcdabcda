internal import OCMHTTP

/// A request to the OAuth server.
enum OAuthRequest {
    /// The Codex CLI's own: the login was made for it.
    static let clientID = "app_EMoamEEZ73f0CkXaXp7hrann"

    enum ContentType {
        case json
        /// application/x-www-form-urlencoded
        case form
    }

    /// Of the exchange of a refresh token (RFC 6749 section 6, in JSON as the OAuth server likes it).
    static func body(exchanging token: Secret) -> Secret {
        object([
            ("client_id", Secret(clientID)), ("grant_type", Secret("refresh_token")), ("refresh_token", token),
        ])
    }

    /// A JSON object of strings.
    static func object(_ members: [(name: StaticString, value: Secret)]) -> Secret {
        let room = members.reduce(2) { $0 + $1.name.utf8CodeUnitCount + JSONString.encodedBound($1.value.count) + 4 }
        return Secret(capacity: room) { output in
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                for byte in "\(index > 0 ? "," : "")\"\(member.name)\":".utf8 { output.append(byte) }
                member.value.withBytes { JSONString.encode($0, into: &output) }
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    static func head(
        to endpoint: BaseURL, _ contentType: ContentType, bodyLength: Int
    ) throws(HTTPError) -> [UInt8] {
        var head: [UInt8] = []
        let path = endpoint.path.isEmpty ? "/" : endpoint.path
        try HeadWriter.requestLine(.post, prefix: "".utf8Span.span, target: path.utf8Span.span, into: &head)
        HeadWriter.field(try Field(name: "host", value: endpoint.authority), into: &head)
        switch contentType {
        case .json: HeadWriter.field("content-type", "application/json", into: &head)
        case .form: HeadWriter.field("content-type", "application/x-www-form-urlencoded", into: &head)
        }
        HeadWriter.field("content-length", UInt64(bodyLength), into: &head)
        HeadWriter.field("accept", "application/json", into: &head)
        HeadWriter.field("accept-encoding", "identity", into: &head)
        HeadWriter.field("user-agent", "ocm-supervisor", into: &head)
        HeadWriter.field("connection", "close", into: &head)
        HeadWriter.end(into: &head)
        return head
    }
}
