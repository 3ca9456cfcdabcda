import OCMEventLoop
import Testing

@testable import ocm_supervisor

@Suite("Waiting for a device code to be entered")
struct DevicePollingTests {
    private static let start = Instant(nanoseconds: 1_000_000_000_000)

    private func at(_ seconds: Int) -> Instant { Self.start + .seconds(seconds) }

    private func polling(interval: Int = 5, limit: Int = 900) -> DevicePolling {
        DevicePolling(interval: .seconds(interval), until: at(limit))
    }

    /// "ask 5": seconds from the start; else how it ended.
    private func described(_ step: DevicePolling.Step) -> String {
        switch step {
        case .ask(let moment): "ask \((moment - Self.start).components.seconds)"
        case .end(.success(let grant)): "\(grant.code.text) \(grant.verifier.text)"
        case .end(.failure(let failure)): "\(failure)"
        }
    }

    @Test(
        "while nobody has agreed it is asked again after the interval",
        arguments: [
            (403, ""), (404, ""), (403, "deviceauth_authorization_unknown"), (400, "authorization_pending"),
            (404, "not_found"),
        ])
    func pending(status: Int, code: String) {
        var polling = polling()
        #expect(described(polling.answered(.status(status, code: code), at: at(5))) == "ask 10")
        #expect(described(polling.answered(.status(status, code: code), at: at(10))) == "ask 15")
    }

    @Test(
        "asked to slow down, or without an answer, it asks less often",
        arguments: [(400, "slow_down"), (429, ""), (503, "")])
    func slower(status: Int, code: String) {
        var polling = polling()
        #expect(described(polling.answered(.status(status, code: code), at: at(5))) == "ask 15")
        #expect(described(polling.unreachable(.expired, at: at(15))) == "ask 30")
        #expect(described(polling.answered(.status(403, code: ""), at: at(30))) == "ask 45")
        for _ in 0..<100 { _ = polling.answered(.status(status, code: code), at: at(0)) }
        #expect(polling.interval == .seconds(60))
    }

    @Test("an agreement ends it with the code")
    func granted() {
        var polling = polling()
        let grant = DeviceAuthorization.Grant(code: Secret("ac"), verifier: Secret("v"))
        #expect(described(polling.answered(.granted(grant), at: at(5))) == "ac v")
    }

    @Test("refusals end it, each with its reason")
    func ends() {
        var polling = polling()
        #expect(described(polling.answered(.status(403, code: "access_denied"), at: at(5))).contains("access_denied"))
        #expect(described(polling.answered(.status(400, code: "expired_token"), at: at(5))).contains("15 minutes"))
        #expect(described(polling.answered(.status(401, code: "invalid_client"), at: at(5))).contains("invalid_client"))
        #expect(described(polling.answered(.nothing, at: at(5))).contains("not what was expected"))
    }

    @Test("after a quarter of an hour it is over; where the network was gone, that is the reason")
    func expiry() {
        var polling = polling()
        #expect(described(polling.answered(.status(403, code: ""), at: at(894))) == "ask 899")
        #expect(described(polling.answered(.status(403, code: ""), at: at(899))).contains("nobody agreed"))
        let failure = LoginFailure.unreachable("https://a.example/x", .failed(.connect, "refused"))
        #expect(
            described(polling.unreachable(failure, at: at(899))).contains("no answer from https://a.example/x: refused")
        )
    }

    private func device(_ text: String) -> DeviceAuthorization? {
        DeviceAuthorization(text.utf8Span.span)
    }

    @Test(
        "the interval is the server's, as a number or a string, and never none",
        arguments: [("\"7\"", 7), ("7", 7), ("0", 5), ("\"\"", 5), ("-1", 5), ("null", 5), ("1e9", 5), ("86400", 60)])
    func interval(literal: String, seconds: Int) throws {
        let text = "{\"device_auth_id\":\"d\",\"user_code\":\"AB-CD\",\"interval\":\(literal)}"
        #expect(try #require(device(text)).interval == .seconds(seconds))
    }

    @Test("the code is known by either name, and printable")
    func names() throws {
        #expect(try #require(device("{\"device_auth_id\":\"d\",\"usercode\":\"AB-CD\"}")).userCode == "AB-CD")
        #expect(device("{\"device_auth_id\":\"d\",\"user_code\":\"\\u001b[2J\"}") == nil)
        #expect(device("{\"device_auth_id\":\"d\",\"user_code\":\"\"}") == nil)
        #expect(device("{\"device_auth_id\":\"\",\"user_code\":\"AB\"}") == nil)
        #expect(device("{\"user_code\":\"AB\"}") == nil)
        #expect(device("[]") == nil)
        #expect(device("<html>") == nil)
    }
}
