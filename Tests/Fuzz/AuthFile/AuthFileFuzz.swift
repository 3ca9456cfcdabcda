import FuzzSupport

@testable import ocm_supervisor

/// One input is an auth.json. What is a login takes other tokens, which are then in it, and is what it was but for them.
@main enum AuthFileFuzz: Fuzzer {
    static func test(_ input: inout Input) {
        let bytes = input.bytes
        guard let file = try? AuthFile(Secret(bytes.span)), case .chatGPT(let tokens) = file.login else { return }
        guard file.text(with: tokens).matches(file.text) else { fatalError("a rewrite of nothing changes something") }
        let renewed = Tokens(
            access: Secret("header.fuzz-access.signature"), refresh: Secret("fuzz-refresh"), id: Secret("fuzz\"id\\"),
            account: tokens.account, lastRefresh: Timestamp(rfc3339: "2026-03-09T01:30:00.123456789Z"))
        let text = file.text(with: renewed)
        guard text.count <= AuthFile.maximumSize else { return }
        let again: AuthFile
        do throws(AuthFile.Fault) { again = try AuthFile(text) } catch {
            fatalError("the rewrite is no login: \(error)")
        }
        guard case .chatGPT(let found) = again.login, found.matches(renewed) else { fatalError("other tokens") }
        guard found.lastRefresh == renewed.lastRefresh else { fatalError("another time") }
        guard again.text(with: renewed).matches(text) else { fatalError("a second rewrite changes something") }
    }
}
