import Testing

@testable import ocm_supervisor

struct StoredNameTests {
    @Test("a name comes back as what it was made of", arguments: ["codex", "a:b", "50%", "with space", "größe", ""])
    func roundTrip(tag: String) throws {
        let text = try #require(StoredName.listener(service: tag).text)
        #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") })
        #expect(StoredName(text) == .listener(service: tag))
    }

    @Test("a usual tag stands in its name as it is")
    func plain() {
        #expect(StoredName.listener(service: "codex").text == "listen-codex")
    }

    @Test("a tag that is too long for a name has none")
    func tooLong() {
        #expect(StoredName.listener(service: String(repeating: "x", count: 248)).text?.utf8.count == 255)
        #expect(StoredName.listener(service: String(repeating: "x", count: 249)).text == nil)
    }

    @Test(
        "other names are none of ours", arguments: ["codex", "", "listen-%", "listen-%4", "listen-%zz", "listen-%ff"])
    func foreign(text: String) {
        #expect(StoredName(text) == nil)
    }
}
