import OCMHTTP
import Testing

@testable import OCMHTTP

@Suite struct FieldNameTests {
    private static func id(of name: String) throws -> FieldName {
        // At the end of the bytes and well before it: two ways to load the name.
        let near = try #require(try readResponse("HTTP/1.1 204 N\r\n\(name):\r\n\r\n"))
        let far = try #require(
            try readResponse("HTTP/1.1 204 N\r\n\(name): \(String(repeating: "v", count: 64))\r\n\r\n"))
        #expect(near.fields[0].id == far.fields[0].id)
        return near.fields[0].id
    }

    @Test(arguments: FieldName.allCases.filter { $0 != .other && $0 != .contentLength && $0 != .transferEncoding })
    func `a known name is known in any case, and no longer when it is changed`(id: FieldName) throws {
        let name = id.spelling.description + (id.isFamily ? "Anything_at-all" : "")
        #expect(try Self.id(of: name) == id)
        #expect(try Self.id(of: name.uppercased()) == id)
        #expect(try Self.id(of: "z" + name) == .other)
        #expect(try Self.id(of: name.replacing("e", with: "3").replacing("c", with: "_")) != id || !name.contains("e"))
        if !id.isFamily {
            #expect(try Self.id(of: name + "s") == .other)
            #expect(try Self.id(of: String(name.dropLast())) != id)
        }
    }

    @Test(arguments: [
        ("Content-Length", FieldName.contentLength), ("TRANSFER-ENCODING", .transferEncoding),
        ("content_length", .other), ("transfer\u{2D}encodinG", .transferEncoding), ("proxy-", .proxy),
        ("proxy", .other),
        ("cf-ray", .cf), ("cfray", .other), ("x-forwarded-for", .xForwarded), ("x-forwarded", .other),
        ("X-Codex-Primary-Used-Percent", .xCodex), ("sec-websocket-key", .secWebSocket), ("host~", .other),
        ("x-codex-" + String(repeating: "a", count: 100), .xCodex), (String(repeating: "a", count: 300), .other),
    ])
    func `names and families of names`(name: String, id: FieldName) {
        let bytes = [UInt8](name)
        #expect(FieldNameTable.shared[bytes.span.foldedToken(in: bytes.indices)] == id)
    }

    @Test(arguments: [
        ("Content_Length", FieldName.contentLength), ("TRANSFER_encoding", .transferEncoding),
        ("chatgpt-account_id", .chatGPTAccountID), ("ChatGPT_Account_Id", .chatGPTAccountID), ("x_api_key", .xAPIKey),
        ("X_Forwarded_For", .xForwarded), ("cf_ray", .cf), ("user_agent", .userAgent), ("session_id", .other),
        ("_", .other), ("host_", .other), ("x_codex_" + String(repeating: "_", count: 100), .xCodex),
        ("content-length~", .other), ("Host", .host), ("x-other", .other),
    ])
    func `a name with underscores is also known by what it is with hyphens`(name: String, alias: FieldName) throws {
        let field = try #require(try readRequest("GET / HTTP/1.1\r\nA: b\r\n\(name): h\r\n\(host(name))\r\n"))
            .fields[1]
        #expect(field.alias == alias)
        #expect(field.id == (name.contains("_") ? .other : alias))
    }

    private func host(_ name: String) -> String { name == "Host" ? "" : "Host: h\r\n" }

    @Test func `no two names are spelled alike`() {
        let spellings = FieldName.allCases.map(\.spelling.description)
        #expect(Set(spellings).count == spellings.count)
        #expect(spellings.allSatisfy { $0.utf8.count <= FoldedToken.maximumCount })
    }

    @Test func `hop by hop are the fields of the connection`() {
        let names = FieldName.allCases.filter(\.isHopByHop)
        #expect(names == [.connection, .keepAlive, .te, .trailer, .transferEncoding, .upgrade, .proxy])
    }
}
