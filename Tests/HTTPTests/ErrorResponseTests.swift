import OCMHTTP
import Testing

@Suite struct ErrorResponseTests {
    private func text(_ response: ErrorResponse, answering method: Method = .get) -> String {
        var output: [UInt8] = []
        response.write(answering: method, into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func `an error is a JSON object with type, code and message`() {
        let response = ErrorResponse(
            status: 503, type: "api_error", code: "credential_unavailable", message: "try again", retryAfter: 5)
        #expect(
            text(response) == """
                HTTP/1.1 503 Service Unavailable\r
                content-type: application/json\r
                content-length: 84\r
                retry-after: 5\r
                \r
                {"error":{"type":"api_error","code":"credential_unavailable","message":"try again"}}
                """)
    }

    @Test func `a refused message closes the connection`() throws {
        let written = text(ErrorResponse(HTTPError.repeatedContentLength))
        #expect(written.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(written.contains("\r\nconnection: close\r\n"))
        #expect(
            written.hasSuffix(#"{"error":{"type":"invalid_request_error","message":"more than one Content-Length"}}"#))
        #expect(try readResponse(written)?.keepsAlive == false)
    }

    @Test func `the answer to HEAD has the length and not the body`() throws {
        let response = ErrorResponse(status: 404, type: "invalid_request_error", message: "no")
        let whole = text(response)
        let head = text(response, answering: .head)
        #expect(whole == head + String(decoding: response.body, as: UTF8.self))
        #expect(head.hasSuffix("\r\n\r\n"))
        #expect(try readResponse(whole)?.framing == .length(UInt64(response.body.count)))
    }

    @Test func `whatever the message holds, it is one JSON string`() {
        let message = "\"quoted\" \\ \u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f} \u{e9} \u{1F600}"
        let body = String(decoding: ErrorResponse(status: 400, type: "t", message: message).body, as: UTF8.self)
        let escaped = #"\"quoted\" \\ \u0008\u000c\n\r\t\u0000\u001f"# + "\u{7f} \u{e9} \u{1F600}"
        #expect(body == #"{"error":{"type":"t","message":""# + escaped + #""}}"#)
    }
}
