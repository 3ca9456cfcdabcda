import LoopTestSupport
import OCMEventLoop
import Testing

@testable import ocm_supervisor

@Suite struct StatusReportTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    @Test func aLoginBecomesItsPartOfTheReport() {
        var status = CredentialStatus(condition: .failing)
        status.isUsable = true
        status.mode = .chatGPT
        status.email = "o…@example.org"
        status.plan = "pro"
        status.expiry = now + .milliseconds(1500)
        status.lastRefresh = now - .seconds(60)
        status.reason = "why"
        status.unsaved = "full"
        let expected = StatusReport.Credential(
            path: "/auth.json", state: .failing, usable: true, mode: .chatgpt, account: "o…@example.org", plan: "pro",
            expires: "2027-01-15T08:00:01Z", last_refresh: "2027-01-15T07:59:00Z", reason: "why", unsaved: "full")
        #expect(StatusReport.Credential(status, path: "/auth.json") == expected)
    }

    @Test func theStatesHaveTheNamesOfTheLogins() {
        for state in StatusReport.Credential.State.allCases {
            #expect(LoginState.Condition(rawValue: state.rawValue).map { .init($0) } == state)
        }
    }

    @Test func aLoginIsUsableAsLongAsItsTokenIsWhateverBecomesOfItsRefresh() {
        let token = makeToken(serial: 1, issued: now, expiry: now + .seconds(3600))
        var state = LoginState { 0.5 }
        _ = state.fileRead(reading(makeFile(access: token, refresh: "r1")), at: now)
        #expect(state.status.condition == .valid && state.status.isUsable)
        _ = state.fileRead(reading(nil), at: now)
        #expect(state.status.condition == .absent && !state.status.isUsable)
    }

    @Test(arguments: [
        ("owner@example.org", "o…@example.org"), ("o@example.org", "o…@example.org"), ("a@b@c", "a…@c"),
        ("éa@x", "é…@x"), ("@example.org", "…"), ("owner", "…"), ("", "…"),
    ])
    func anEMailIsMasked(email: String, masked: String) {
        #expect(CredentialStatus.masked(email) == masked)
    }

    @Test func aLedgerSaysWhatKeepsItFromItsFilesAndWhatWaits() throws {
        try onLoop {
            let disk = FakeDisk()
            let ledger = Ledger(disk: disk, memoryLimit: 1000)
            try await ledger.open(now: WallTime(seconds: 0))
            let calm = StatusReport.Usage(ledger, path: "/u")
            #expect(calm == StatusReport.Usage(path: "/u", waiting_bytes: 0, waiting_bytes_at_most: 1000, trouble: nil))
            disk.inject(.failure(errno: 28, operations: 10), at: disk.operations + 1)
            _ = ledger.add(Reporters().report(worker: 1))
            _ = await ledger.commit(now: WallTime(seconds: 0))
            let full = StatusReport.Usage(ledger, path: "/u")
            #expect((100..<1000).contains(full.waiting_bytes))
            #expect(full.trouble?.contains("No space left on device") == true)
        }
    }

    @Test func aListenerIsNamedByAddressAndPort() throws {
        let address = try #require(SocketAddress(literal: "::1", port: 8080))
        #expect(StatusReport.Listener(address) == StatusReport.Listener(address: "::1", port: 8080))
    }
}
