import Logging
import Testing

@testable import ocm_supervisor

@Suite("The state of a credential")
struct CredentialStateTests {
    /// Runs for `total` with tokens of `life`, a client asking all the time, and gives the number of refreshes.
    private func refreshes(life: Duration, total: Duration) -> Int {
        var simulation = CredentialSimulation()
        simulation.life = life
        simulation.signIn()
        simulation.start()
        simulation.pass(total) { simulation in
            guard let credential = simulation.credential else {
                Issue.record("unavailable: \(String(describing: simulation.unavailable))")
                return
            }
            #expect(credential.expiry.map { $0 > simulation.now } == true, "an expired token is published")
        }
        #expect(simulation.reused == 0)
        #expect(Set(simulation.asked).count == simulation.asked.count, "a refresh token was used twice")
        #expect(!simulation.isLocked)
        #expect(simulation.state.condition == .valid)
        return simulation.asked.count
    }

    @Test("through an hour of tokens that live five minutes, a client always has one, and none is spent twice")
    func hourOfShortTokens() {
        // Refreshed when between 100 and 110 s are left: every 190 to 200 s.
        #expect((17...20).contains(refreshes(life: .seconds(300), total: .seconds(3600))))
    }

    @Test("through a week of tokens that live an hour, a client always has one, and none is spent twice")
    func weekOfHourlyTokens() {
        // Refreshed when 15 to 16.5 minutes are left.
        #expect((220...236).contains(refreshes(life: .seconds(3600), total: .seconds(7 * 86400))))
    }

    @Test("tokens that live twenty seconds are refreshed in time")
    func tokensOfTwentySeconds() {
        #expect((20...30).contains(refreshes(life: .seconds(20), total: .seconds(300))))
    }

    @Test("the margin before expiry grows at random, by a tenth at most", arguments: [0.0, 0.5, 0.999])
    func jitter(random: Double) throws {
        var simulation = CredentialSimulation(random: { random })
        simulation.signIn(life: .seconds(86400))
        simulation.start()
        let due = try #require(simulation.state.refreshDue)
        let left = simulation.now + .seconds(86400) - due
        #expect(left - .seconds(900) * (1 + 0.1 * random) < .milliseconds(1))
        #expect(left >= .seconds(900) && left <= .seconds(990))
    }

    @Test("a token without expiry is refreshed eight days after the last refresh")
    func withoutExpiry() {
        var simulation = CredentialSimulation(random: { 0 })
        simulation.hasExpiry = false
        simulation.signIn()
        simulation.start()
        simulation.pass(.seconds(8 * 86400 - 10))
        #expect(simulation.asked.isEmpty)
        simulation.pass(.seconds(20))
        #expect(simulation.asked == ["refresh-1"])
        #expect(simulation.credential != nil)
    }

    @Test("a thousand rejections of one generation lead to one refresh, later ones of it to none")
    func singleFlight() {
        var simulation = CredentialSimulation()
        simulation.signIn()
        simulation.start()
        simulation.pass(.seconds(60))
        let generation = simulation.state.generation
        for _ in 0..<1000 { simulation.reject(generation: generation) }
        #expect(simulation.credential?.generation == generation, "others may still get through with it")
        simulation.pass(.seconds(5))
        for _ in 0..<1000 { simulation.reject(generation: generation) }
        simulation.pass(.seconds(5))
        #expect(simulation.asked.count == 1)
        #expect(simulation.credential?.generation == generation + 1)
        #expect(simulation.reports.filter { $0 == .rejected(isHealed: true) }.count == 1)
    }

    @Test("tokens that are rejected as soon as they come are refreshed three times, then at growing distances")
    func promptRejections() {
        var simulation = CredentialSimulation()
        simulation.latency = .milliseconds(10)
        simulation.signIn(life: .seconds(864000))
        simulation.life = .seconds(864000)
        simulation.start()
        for _ in 0..<600 {
            simulation.reject()
            #expect(simulation.credential != nil || simulation.unavailable != nil)
            simulation.pass(.milliseconds(500))
        }
        #expect((8...16).contains(simulation.asked.count), "\(simulation.asked.count) refreshes in five minutes")
    }

    @Test("how the tokens before a new sign-in were rejected does not hold its refresh back", arguments: [true, false])
    func promptRejectionsBeforeSigningIn(isSameAccount: Bool) {
        var simulation = CredentialSimulation()
        simulation.latency = .milliseconds(10)
        simulation.signIn(life: .seconds(864000))
        simulation.life = .seconds(864000)
        simulation.start()
        for _ in 0..<600 {
            simulation.reject()
            simulation.pass(.milliseconds(500))
        }
        if isSameAccount {
            simulation.file = nil
            simulation.read()
        }
        simulation.signIn(life: .seconds(864000), account: isSameAccount ? "account-1" : "account-2")
        simulation.read()
        let (asked, generation) = (simulation.asked.count, simulation.state.generation)
        simulation.reject()
        simulation.pass(.seconds(1))
        #expect(simulation.asked.count == asked + 1)
        #expect(simulation.credential?.generation == generation + 1)
    }

    @Test("rejections some seconds apart are each healed")
    func rejectionsApart() {
        var simulation = CredentialSimulation()
        simulation.signIn()
        simulation.start()
        for _ in 0..<50 {
            simulation.pass(.seconds(3))
            simulation.reject()
            simulation.pass(.seconds(2))
        }
        #expect(simulation.asked.count == 50)
        #expect(simulation.reused == 0)
    }

    @Test("what another process has refreshed is taken before asking, and nothing is asked")
    func takenFromFile() {
        var simulation = CredentialSimulation()
        simulation.signIn()
        simulation.start()
        simulation.refreshElsewhere()
        simulation.reject()
        simulation.pass(.seconds(10))
        #expect(simulation.asked.isEmpty)
        #expect(simulation.credential?.generation == 2)
        #expect(!simulation.isLocked)
    }

    @Test("for a while: one warning, backing off between 1 s and 5 min, the good token published to its end")
    func backoff() {
        var simulation = CredentialSimulation()
        simulation.signIn()
        simulation.start()
        simulation.failure = .failed(.connect, "Connection refused")
        simulation.pass(.seconds(3590))
        #expect(simulation.credential != nil)
        #expect((8...16).contains(simulation.asked.count), "\(simulation.asked.count)")
        #expect(simulation.reports.filter { $0.level == .warning }.count == 1)
        simulation.pass(.seconds(20))
        #expect(simulation.credential == nil)
        guard case .failing = simulation.unavailable?.reason else {
            Issue.record("\(String(describing: simulation.unavailable))")
            return
        }
        #expect((1...300).contains(simulation.unavailable?.retryAfter ?? 0))
        simulation.failure = nil
        simulation.pass(.seconds(320))
        #expect(simulation.credential != nil)
        #expect(simulation.state.condition == .valid)
    }

    @Test("a rejected token is withdrawn when its refresh fails, and comes back with the next one")
    func rejectedAndFailing() {
        var simulation = CredentialSimulation()
        simulation.signIn()
        simulation.start()
        simulation.failure = .answered(status: 503, retryAfter: .seconds(7))
        simulation.reject()
        simulation.pass(.seconds(3))
        #expect(simulation.unavailable?.retryAfter == 15)
        simulation.failure = nil
        simulation.pass(.seconds(10))
        #expect(simulation.credential?.generation == 2)
    }

    @Test(
        "for good: no more asking until the file changes, one error in the log",
        arguments: [
            (400, "refresh_token_expired"), (401, "refresh_token_reused"), (401, "refresh_token_invalidated"),
            (400, "invalid_grant"), (400, ""), (401, "something_else"), (403, "refresh_token_expired"),
        ])
    func forGood(status: Int, code: String) {
        var simulation = CredentialSimulation()
        simulation.signIn()
        simulation.start()
        simulation.failure = RefreshFailure(status: status, code: code, retryAfter: nil)
        simulation.pass(.seconds(3500))
        #expect(simulation.asked.count == 1)
        #expect(simulation.state.condition == .dead)
        #expect(simulation.credential != nil, "the access token is good to its end")
        simulation.pass(.seconds(86400))
        #expect(simulation.asked.count == 1)
        #expect(simulation.unavailable?.retryAfter == nil)
        #expect(simulation.reports.filter { $0.level == .error }.count == 1)
        simulation.read()
        #expect(simulation.state.condition == .dead, "touching the file is no change")
        simulation.failure = nil
        simulation.signIn()
        simulation.read()
        #expect(simulation.credential != nil)
        #expect(simulation.state.condition == .valid)
    }

    @Test(
        "for a while: asked again, whatever the code says",
        arguments: [(429, "refresh_token_expired"), (500, ""), (503, "x"), (403, ""), (404, ""), (302, ""), (200, "")])
    func forAWhile(status: Int, code: String) {
        #expect(!RefreshFailure(status: status, code: code, retryAfter: nil).isForGood)
    }

    @Test("after refresh_token_reused the file is read for ten seconds, and what appears there is taken")
    func reusedThenWritten() {
        var simulation = CredentialSimulation()
        simulation.signIn()
        simulation.start()
        let old = simulation.file
        simulation.reject()
        simulation.pass(.milliseconds(1500))
        simulation.refreshElsewhere()
        let new = simulation.file
        simulation.file = old
        simulation.pass(.seconds(8))
        #expect(simulation.reused == 1)
        #expect(simulation.state.condition == .refreshing)
        simulation.file = new
        simulation.pass(.seconds(1))
        #expect(simulation.credential?.generation == 2)
        #expect(simulation.state.condition == .valid)
        #expect(simulation.reports.allSatisfy { $0.level < .error })
    }
}
