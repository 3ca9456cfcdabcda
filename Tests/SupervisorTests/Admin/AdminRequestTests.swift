import OCMHTTP
import Testing

@testable import ocm_supervisor

@Suite struct AdminRequestTests {
    @Test func aRequestIsReadHoweverItIsCut() throws {
        let text =
            "POST /reload?now=1&b HTTP/1.1\r\nHost: ocm\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        let whole = Array(text.utf8)
        let expected = AdminRequest(method: .post, path: "/reload", query: "now=1&b", body: Array("abcde".utf8))
        for length in 1...whole.count {
            var reader = AdminRequestReader()
            var found: AdminRequest?
            for start in stride(from: 0, to: whole.count, by: length) {
                #expect(found == nil, "nothing is whole before its last byte")
                found = try reader.take(Array(whole[start..<min(start + length, whole.count)]).span)
            }
            #expect(found == expected)
        }
    }

    @Test(arguments: ["GET /status HTTP/1.1\r\nHost: x\r\n\r\n", "GET /status HTTP/1.0\r\n\r\n"])
    func withoutABodyTheHeadIsAll(text: String) throws {
        #expect(try read(text) == AdminRequest(method: .get, path: "/status", query: "", body: []))
    }

    @Test func whatFollowsARequestIsNotLookedAt() throws {
        let text = "GET /status HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\naGET /other"
        #expect(try read(text)?.body == [UInt8(ascii: "a")])
    }

    @Test(arguments: [
        ("GET /" + String(repeating: "a", count: 17000) + " HTTP/1.1\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "a: b\r\n", count: 101) + "\r\n", 431),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413),
        ("\u{16}\u{3}\u{1}", 400),
    ])
    func whatIsTooMuchOrNoRequestIsRefused(text: String, status: Int) {
        let error = #expect(throws: HTTPError.self) { try read(text) }
        #expect(error?.status == status)
    }

    private func read(_ text: String) throws -> AdminRequest? {
        var reader = AdminRequestReader()
        return try reader.take(Array(text.utf8).span)
    }
}
