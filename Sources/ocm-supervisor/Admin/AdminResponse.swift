import OCMEventLoop
import OCMHTTP

/// What an operator is answered: JSON, and the end of the connection.
struct AdminResponse: Sendable {
    let status: Int
    /// JSON text.
    let body: [UInt8]
    /// The methods that the path does have, where it was asked with another.
    var allow: [Method] = []
    /// Where there is one, it makes the answer, when the socket closes for good; until then the connection waits.
    private(set) var last: (@EventLoop @Sendable () -> AdminResponse)?

    init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }

    static func atTheEnd(_ answer: @escaping @EventLoop @Sendable () -> AdminResponse) -> AdminResponse {
        var response = AdminResponse(status: 200, body: [])
        response.last = answer
        return response
    }

    init(_ error: ErrorResponse) {
        self.init(status: error.status, body: error.body + [UInt8(ascii: "\n")])
    }

    static func error(_ status: Int, _ type: String, _ message: String) -> AdminResponse {
        AdminResponse(ErrorResponse(status: status, type: type, message: message))
    }

    static func json(_ value: some Encodable, status: Int = 200) -> AdminResponse {
        do {
            return AdminResponse(status: status, body: Array((try JSONOutput.text(value) + "\n").utf8))
        } catch {
            return .error(500, "server_error", "the answer could not be written as JSON")
        }
    }

    /// The bytes of the answer; to HEAD without its body.
    func bytes(answering method: Method) -> [UInt8] {
        var output: [UInt8] = []
        HeadWriter.statusLine(status, into: &output)
        HeadWriter.field("content-type", "application/json", into: &output)
        HeadWriter.field("content-length", UInt64(body.count), into: &output)
        HeadWriter.field("cache-control", "no-store", into: &output)
        if !allow.isEmpty, let field = try? Field(name: "allow", value: allow.names) {
            HeadWriter.field(field, into: &output)
        }
        HeadWriter.field("connection", "close", into: &output)
        HeadWriter.end(into: &output)
        return method == .head ? output : output + body
    }
}

extension [Method] {
    /// As the field Allow lists them (RFC 9110 section 10.2.1).
    var names: String { map { "\($0.name)" }.joined(separator: ", ") }
}
