import Logging
import OCMTLS
import Testing

@testable import ocm_supervisor

/// Which of two logins stays, where the file brings another one than the process has.
@Suite("The state of a credential and its owner's logins")
struct CredentialStateOwnersTests {
    /// One refresh after the start: the process has `refresh-2`, in memory and in the file.
    private func refreshed() -> CredentialSimulation {
        var simulation = CredentialSimulation()
        simulation.signIn()
        simulation.start()
        simulation.reject()
        simulation.pass(.seconds(5))
        return simulation
    }

    /// The text of a login of yesterday, of another machine: good, but of an earlier date. `refresh-1` is the one that
    /// the endpoint takes in the simulation from then on, as the latest that it has issued.
    private func laptop(_ simulation: inout CredentialSimulation, account: String = "account-1") -> String {
        let now = simulation.now
        simulation.now = now - .seconds(2000)
        let (access, refresh) = simulation.issue(life: .seconds(3600), account: account)
        let text = makeFile(access: access, refresh: refresh, account: account, lastRefresh: simulation.now)
        simulation.now = now
        return text
    }

    @Test(
        "an older login of the same account that the owner puts in place is taken, never overwritten",
        arguments: ["plain", "dead", "logged out", "key"])
    func olderLogin(before: String) {
        var simulation = refreshed()
        switch before {
        case "dead":
            simulation.failure = .refused(status: 401, code: "refresh_token_invalidated")
            simulation.reject()
            simulation.pass(.seconds(30))
            #expect(simulation.state.condition == .dead)
            simulation.failure = nil
        case "logged out":
            simulation.file = nil
            simulation.read()
        case "key":
            simulation.file = "{\"OPENAI_API_KEY\":\"sk-1\"}"
            simulation.read()
        default: break
        }
        let text = laptop(&simulation)
        simulation.file = text
        simulation.read()
        simulation.pass(.seconds(60))
        #expect(simulation.file == text)
        #expect(simulation.credential != nil && simulation.state.condition == .valid)
        simulation.reject()
        simulation.pass(.seconds(60))
        #expect(simulation.asked.last == "refresh-3")
        #expect(simulation.file?.contains("refresh-4") == true)
        #expect(simulation.state.condition == .valid)
    }

    @Test("an exchange under way when another login comes is not written over it, and is not forgotten")
    func loginDuringExchange() {
        var simulation = refreshed()
        let old = simulation.file
        simulation.reject()
        simulation.pass(.milliseconds(1100))
        simulation.file = laptop(&simulation).replacing("refresh-3", with: "refresh-laptop")
        let text = simulation.file
        // The answer to what is asked is still to come.
        let (access, _) = simulation.issue(life: .seconds(3600), account: "account-1")
        simulation.read()
        let actions = simulation.state.exchanged(
            .success(RefreshAnswer(access: Secret(access), refresh: Secret("refresh-own"))), at: simulation.now)
        #expect(!actions.contains { if case .save = $0 { true } else { false } })
        #expect(simulation.file == text)
        #expect(simulation.state.kept.contains { $0.tokens.refresh?.text == "refresh-own" })
        // The file that was spent for it comes back.
        simulation.file = old
        simulation.read()
        simulation.pass(.seconds(2))
        #expect(simulation.file?.contains("refresh-own") == true)
    }

    @Test("a backup whose token an earlier process has spent is found dead, and what it displaced is put back")
    func restoredBackup() {
        var simulation = CredentialSimulation()
        let backup = simulation.signIn()
        simulation.refreshElsewhere()
        simulation.start()
        simulation.reject()
        simulation.pass(.seconds(5))
        let new = simulation.file
        simulation.file = backup
        simulation.read()
        simulation.reject()
        simulation.pass(.seconds(20))
        #expect(simulation.reused == 1)
        #expect(simulation.file == new)
        #expect(simulation.state.condition == .valid)
        #expect(simulation.reports.allSatisfy { $0.level < .error })
        // By then it is known to be dead.
        simulation.file = backup
        simulation.read()
        simulation.pass(.seconds(20))
        #expect(simulation.reused == 1)
        #expect(simulation.file == new)
    }

    @Test(
        "nothing stands in for another user's login, nor for one that nobody says is dead",
        arguments: ["account-2", "account-1"])
    func noneStandsIn(account: String) {
        var simulation = refreshed()
        let text = laptop(&simulation, account: account)
        simulation.file = text
        simulation.read()
        simulation.failure = .refused(
            status: 401, code: account == "account-1" ? "" : "refresh_token_invalidated")
        simulation.reject()
        simulation.pass(.seconds(30))
        #expect(simulation.state.condition == .dead)
        #expect(simulation.file == text)
    }

    @Test("two users of a workspace share an account, but no login")
    func workspace() throws {
        func tokens(_ user: String?, _ email: String) -> Tokens {
            let id = user.map { ",\"sub\":\"\($0)\"" } ?? ""
            let claims = "{\"email\":\"\(email)\"\(id),\"https://api.openai.com/auth\":{\"chatgpt_account_id\":\"w\"}}"
            let access = base64URL("{}") + "." + base64URL(claims) + ".c2ln"
            return Tokens(access: Secret(access), refresh: nil, id: nil, account: nil, lastRefresh: nil)
        }
        #expect(tokens("a", "a@x").isOfSameUser(as: tokens("a", "a@x")))
        #expect(tokens("a", "a@x").isOfSameUser(as: tokens(nil, "a@x")))
        #expect(!tokens("a", "a@x").isOfSameUser(as: tokens("b", "a@x")))
        #expect(!tokens(nil, "a@x").isOfSameUser(as: tokens(nil, "b@x")))
    }

    private func copy(
        _ simulation: inout CredentialSimulation, spending refresh: String, age: Duration
    ) -> RecoveredAnswer {
        let tokens = simulation.issue(life: .seconds(3600), account: "account-1")
        return RecoveredAnswer(
            answer: RefreshAnswer(access: Secret(tokens.access), refresh: Secret(tokens.refresh)),
            spent: Secret(refresh).digest, time: simulation.now - age)
    }

    @Test("a copy of another login's answer is not put over the file's; it stays for a month, which is said once")
    func copyOfAnotherLogin() {
        var simulation = CredentialSimulation()
        let text = simulation.signIn()
        simulation.now = simulation.now + .seconds(1000)
        simulation.recovered = [
            copy(&simulation, spending: "refresh-of-another", age: .seconds(10)),
            copy(&simulation, spending: "refresh-of-last-month", age: .seconds(31 * 86400)),
        ]
        simulation.start()
        for _ in 0..<3 {
            simulation.remainsFound()
            simulation.pass(.seconds(2))
        }
        #expect(simulation.file == text)
        #expect(simulation.recovered.map(\.spent) == [Secret("refresh-of-another").digest])
        #expect(simulation.reports.filter { $0 == .leftover }.count == 1)
    }

    @Test("a copy whose answer the file has is discarded, one that can't be made use of is not")
    func copiesSortedOut() {
        var simulation = CredentialSimulation()
        simulation.signIn()
        simulation.start()
        let current = copy(&simulation, spending: "refresh-0", age: .seconds(10))
        simulation.file = makeFile(
            access: current.answer?.access?.text, refresh: current.answer?.refresh?.text, lastRefresh: simulation.now)
        simulation.read()
        let garbage = RecoveredAnswer(
            answer: nil, spent: Secret(current.answer?.refresh?.text ?? "").digest, time: simulation.now)
        simulation.recovered = [current, garbage]
        simulation.remainsFound()
        simulation.pass(.seconds(2))
        #expect(simulation.recovered.map(\.spent) == [garbage.spent])
    }

    @Test("an answer with a refresh token that can't be used is served, warned of, and stays in its copy")
    func unusableRefreshToken() {
        var simulation = CredentialSimulation()
        simulation.signIn()
        simulation.start()
        simulation.reject()
        simulation.pass(.milliseconds(1100))
        let (access, _) = simulation.issue(life: .seconds(3600), account: "account-1")
        let answer = RefreshAnswer(access: Secret(access), isWhole: false)
        let actions = simulation.state.exchanged(.success(answer), at: simulation.now)
        #expect(simulation.state.currentCredential?.token.text == access)
        #expect(actions.contains { if case .report(.unusableRefreshToken) = $0 { true } else { false } })
        #expect(simulation.state.obtained?.copies.isEmpty == true)
    }

    @Test("what was learned of one login's clock is not believed of another's, nor if it is more than a day")
    func clockSkew() throws {
        var simulation = refreshed()
        func answer(issued ago: Duration) throws -> Duration {
            let tokens = try #require(simulation.state.obtained?.tokens)
            simulation.state.phase = .refreshing(asked: tokens)
            let issued = simulation.now - ago
            let access = makeToken(serial: 99, issued: issued, expiry: issued + .seconds(60))
            _ = simulation.state.exchanged(.success(RefreshAnswer(access: Secret(access))), at: simulation.now)
            return simulation.state.clockSkew
        }
        #expect(try answer(issued: .seconds(100_000)) == .zero)
        #expect(try answer(issued: .seconds(7200)) == .seconds(7200))
        simulation.state.phase = .idle
        simulation.file = laptop(&simulation)
        simulation.read()
        #expect(simulation.state.clockSkew == .zero)
    }

    @Test("no date in a file stops the process, however far away it is")
    func extremeDates() {
        let numbers = [
            "-1e18", "-9223372037", "-9223372036", "-9223372036854775808", "9223372036854775807", "9223372036",
            "9223372037", "1e18", "1e308", "-0", "0", "1", "1.5", "-62135596800", "253402300799",
        ]
        let dates = [
            "0001-01-01T00:00:00Z", "0000-01-01T00:00:00-23:59", "1677-09-21T00:12:43.145224191Z",
            "1970-01-01T00:00:00Z", "2262-04-11T23:47:16.854775808Z", "9999-12-31T23:59:60.999999999-23:59",
        ]
        for expiry in numbers {
            for (index, issued) in numbers.enumerated() {
                let token = base64URL("{}") + "." + base64URL("{\"exp\":\(expiry),\"iat\":\(issued)}") + ".c2ln"
                var simulation = CredentialSimulation()
                simulation.signIn()
                simulation.start()
                simulation.file = """
                    {"tokens":{"access_token":"\(token)","refresh_token":"r","account_id":"a"},\
                    "last_refresh":"\(dates[index % dates.count])"}
                    """
                simulation.read()
                show(simulation.state)
                simulation.reject()
                simulation.state.phase = .refreshing(
                    asked: Tokens(access: nil, refresh: Secret("r"), id: nil, account: nil, lastRefresh: nil))
                let answer = RefreshAnswer(access: Secret(token), refresh: Secret("s"))
                _ = simulation.state.exchanged(.success(answer), at: simulation.now)
                show(simulation.state)
            }
        }
    }

    /// Everything that is said of a login's dates.
    private func show(_ state: LoginState) {
        let status = state.status
        let moments = [status.expiry, status.lastRefresh, state.wakeUp, state.refreshDue].compactMap(\.self)
        for moment in moments + [Timestamp(nanoseconds: .min), Timestamp(nanoseconds: .max)] {
            #expect(Timestamp(rfc3339: moment.rfc3339) != nil)
            #expect(!moment.wholeSeconds.isEmpty)
            let time = LocalTime(now: .now)
            #expect(!time.clock(moment).isEmpty && !time.relative(moment).isEmpty)
        }
        for report in [CredentialReport.taken(.chatGPT, expiry: status.expiry), .refreshed(expiry: status.expiry)] {
            #expect(report.metadata.count <= 2)
        }
    }

    @Test("what a terminal obeys is not shown of a login")
    func legible() {
        let claims = """
            {"email":"o\\u202ewner\\u001b[2J@example.org","https://api.openai.com/auth":\
            {"chatgpt_plan_type":"pro\\u2066\\u0007"}}
            """
        let token = TokenClaims(Secret(base64URL("{}") + "." + base64URL(claims) + ".c2ln"))
        #expect(token.email == "o\u{fffd}wner\u{fffd}[2J@example.org")
        #expect(token.plan == "pro\u{fffd}\u{fffd}")
    }
}
