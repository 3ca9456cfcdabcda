import OCMHTTP
import Testing

@Suite struct RequestTargetTests {
    @Test(arguments: [
        "/v1/", "/v1/responses", "/v1/models?client_version=0.163.0", "/v1/responses/resp_1/cancel", "/v1//x",
        "/v1/a%20b",
        "/v1/a%2Fb", "/v1/a%2fb%2fc", "/v1/...", "/v1/.well-known", "/v1/a..", "/v1/..a", "/v1/a.b", "/v1/%2e%2e%2e",
        "/v1/%zz", "/v1/%", "/v1/%2", "/v1/x?a=../..", "/v1/x?a=%2e%2e/", "/v1/x?a=%00%0a", "/v1/x?a=b\\c",
        "/v1/%252e%252e/",
        "/v1/a|b{c}\"", "/v1/a;b=..", "/v1/;..", "/v1/..%",
    ])
    func `a path under v1 is accepted as it is written`(path: String) {
        #expect(RequestTarget.check([UInt8](path).span) == .accepted)
    }

    @Test(arguments: [
        "", "/", "*", "/v1", "/v1?", "/v1?/v1/", "/v2/x", "/V1/x", "v1/x", "//v1/x", "/%761/x", "/x/../v1/y", "?/v1/",
        "/./v1/x",
    ])
    func `a path that does not begin with v1 is elsewhere`(path: String) {
        #expect(RequestTarget.check([UInt8](path).span) == .elsewhere)
    }

    @Test(arguments: [
        "/v1/.", "/v1/..", "/v1/./x", "/v1/../x", "/v1/x/..", "/v1/x/../../y", "/v1/..?q", "/v1/%2e", "/v1/%2E%2e/x",
        "/v1/.%2e/x", "/v1/%2e./x", "/v1/..%2fx", "/v1/..%2Fx", "/v1/x%2f..", "/v1/x%2f..%2fy", "/v1/x%2F%2e%2E%2Fy",
        "/v1/x%2f.", "/v1/..;/x", "/v1/.;a=b", "/v1/..;a=b/x", "/v1/%2e%2e;x", "/v1//../x", "/v1/..%3b/",
    ])
    func `a dot segment is found in every spelling`(path: String) {
        #expect(RequestTarget.check([UInt8](path).span) == .dotSegment)
    }

    @Test(arguments: ["/v1/a\\b", "/v1/..\\x", "/v1/%5c", "/v1/..%5Cx", "/v1/\\?"])
    func `a backslash is refused`(path: String) {
        #expect(RequestTarget.check([UInt8](path).span) == .backslash)
    }

    @Test(arguments: [
        "/v1/a\u{0}", "/v1/a\u{1f}", "/v1/a\u{7f}", "/v1/a b", "/v1/a\tb", "/v1/x?\u{1}", "/v1/\u{e9}", "/v1/%00",
        "/v1/%0d%0ax",
        "/v1/%1F", "/v1/%7f",
    ])
    func `a control character is refused, and so is what no path has`(path: String) {
        #expect(RequestTarget.check([UInt8](path).span) == .controlCharacter)
    }
}
