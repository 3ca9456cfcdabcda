import Logging
import Testing

@testable import ocm_supervisor

@Suite("The state of a credential and its file")
struct CredentialStateFileTests {
    private func started(life: Duration = .seconds(3600)) -> CredentialSimulation {
        var simulation = CredentialSimulation()
        simulation.life = life
        simulation.signIn()
        simulation.start()
        return simulation
    }

    @Test("without a file there is a reason and a time to come back, and the login comes with the file")
    func absent() {
        var simulation = CredentialSimulation()
        simulation.start()
        #expect(simulation.unavailable?.reason == .loggedOut)
        #expect(simulation.unavailable?.retryAfter != nil)
        simulation.signIn()
        simulation.read()
        #expect(simulation.credential?.generation == 1)
        simulation.file = nil
        simulation.read()
        #expect(simulation.credential == nil)
        #expect(simulation.state.condition == .absent)
        #expect(simulation.reports.filter { $0 == .loggedOut }.count == 2)
    }

    @Test("half a file keeps the last good state, and is reported once when it stays that way", arguments: [0, 1, 40])
    func half(length: Int) {
        var simulation = started()
        simulation.file = String((simulation.file ?? "").prefix(length))
        simulation.read()
        #expect(simulation.credential != nil)
        #expect(simulation.reports.count == 1)
        simulation.pass(.seconds(60))
        simulation.read()
        #expect(simulation.credential != nil)
        #expect(simulation.reports.filter { $0.level == .error }.count == 1)
    }

    @Test("a file that stays damaged is replaced by the last good text with the new tokens in it")
    func lastingDamage() throws {
        var simulation = started()
        simulation.file = "{\"tokens\": {"
        simulation.read()
        simulation.pass(.seconds(3600))
        #expect(simulation.asked == ["refresh-1"])
        let file = try #require(simulation.file)
        #expect(file.contains("refresh-2"))
        #expect(file.contains("OPENAI_API_KEY"))
    }

    @Test("nobody asks while the file is half-written")
    func noAskingWhileHalfWritten() {
        var simulation = started()
        simulation.reject()
        simulation.file = "{"
        simulation.pass(.seconds(9))
        #expect(simulation.asked.isEmpty)
        simulation.refreshElsewhere()
        simulation.pass(.seconds(2))
        #expect(simulation.asked.isEmpty)
        #expect(simulation.credential?.generation == 2)
    }

    @Test("tokens that can't be written stay in force, and are written once there is room")
    func failingSave() throws {
        var simulation = started(life: .seconds(300))
        simulation.saveProblem = .system(call: "write", text: "No space left on device")
        simulation.pass(.seconds(3600))
        #expect(simulation.reused == 0)
        #expect(simulation.asked.count > 10)
        #expect(simulation.credential != nil)
        #expect(simulation.file?.contains("refresh-1\"") == true)
        #expect(simulation.discarded <= 1, "only what was there before the first of them")
        simulation.saveProblem = nil
        simulation.pass(.seconds(301))
        let written = try #require(simulation.file)
        #expect(written.contains("refresh-\(simulation.asked.count + 1)\""))
        let errors = simulation.reports.filter { $0.level == .error }
        #expect(errors.count <= simulation.asked.count)
        #expect(simulation.reports.contains(.saved))
        #expect(simulation.discarded > 0)
    }

    @Test("old tokens that come back into the file are spent: the newer ones are written again")
    func oldTokensPutBack() {
        var simulation = started()
        let old = simulation.file
        simulation.pass(.seconds(3600))
        let new = simulation.file
        #expect(simulation.asked.count == 1 && new != old)
        simulation.file = old
        simulation.read()
        simulation.pass(.seconds(2))
        #expect(simulation.file == new)
        #expect(simulation.credential?.generation == 2)
    }

    @Test("another account in the file wins over tokens of one's own")
    func otherAccount() {
        var simulation = started()
        simulation.saveProblem = .system(call: "rename", text: "Read-only file system")
        simulation.pass(.seconds(3000))
        #expect(simulation.asked.count == 1)
        simulation.signIn(account: "account-2")
        simulation.read()
        simulation.saveProblem = nil
        simulation.pass(.seconds(60))
        #expect(simulation.credential?.account == "account-2")
        #expect(simulation.file?.contains("account-2") == true)
    }

    @Test("the same access token under another account is another generation")
    func accountChange() {
        var simulation = started()
        simulation.file = simulation.file?.replacing("\"account-1\"", with: "\"account-3\"")
        simulation.read()
        #expect(simulation.credential?.generation == 2)
        #expect(simulation.credential?.account == "account-3")
    }

    @Test("modes change by the file: key, tokens, key; a key's rejection is answered with the same generation")
    func modes() {
        var simulation = started()
        simulation.file = "{\"OPENAI_API_KEY\":\"sk-1\"}"
        simulation.read()
        #expect(simulation.credential?.mode == .apiKey)
        #expect(simulation.credential?.generation == 2)
        let before = simulation.publications
        simulation.reject()
        #expect(simulation.publications == before + 1)
        #expect(simulation.credential?.generation == 2)
        simulation.signIn()
        simulation.read()
        #expect(simulation.credential?.mode == .chatGPT)
        simulation.pass(.seconds(7200))
        #expect(simulation.reused == 0)
        #expect(simulation.credential != nil)
    }

    @Test("a file of another user is not refreshed; what that user's CLI writes is taken")
    func foreignOwner() {
        var simulation = started()
        simulation.foreignOwner = 1000
        simulation.pass(.seconds(3700))
        #expect(simulation.asked.isEmpty)
        #expect(simulation.unavailable?.reason == .foreignOwner(1000))
        #expect(simulation.reports.filter { $0 == .heldBack(.foreign(owner: 1000)) }.count == 1)
        simulation.refreshElsewhere()
        simulation.read()
        #expect(simulation.credential != nil)
    }

    @Test("without room for the answer a refresh waits until the token is about to end, and then goes on in memory")
    func noRoom() {
        var simulation = started()
        simulation.failure = .failed(.storage, "No space left on device")
        simulation.pass(.seconds(3500))
        #expect(simulation.reports.filter { $0.level == .error }.count == 1)
        #expect(!simulation.urgent.contains(true))
        simulation.failure = nil
        simulation.pass(.seconds(99))
        #expect(simulation.credential?.generation == 2)
    }

    @Test("what keeps new tokens from the file is said once, however many come meanwhile")
    func lastingObstacleOfTheWriteBack() {
        var simulation = started()
        let problem = SaveProblem.system(call: "write", text: "No space left on device")
        simulation.saveProblem = problem
        simulation.pass(.seconds(4 * 3600))
        #expect(simulation.asked.count >= 4)
        #expect(simulation.reports.filter { $0 == .saveFailed(problem) }.count == 1)
        simulation.saveProblem = nil
        simulation.pass(.seconds(301))
        #expect(simulation.reports.filter { $0 == .saved }.count == 1)
        #expect(simulation.reused == 0)
    }

    @Test("a removed file ends the refreshing; put back with spent tokens, it gets the new ones")
    func removedWhileRefreshing() {
        var simulation = started()
        let old = simulation.file
        simulation.reject()
        simulation.pass(.milliseconds(1100))
        simulation.file = nil
        simulation.read()
        #expect(simulation.unavailable?.reason == .loggedOut)
        simulation.pass(.seconds(5))
        #expect(simulation.asked.count == 1)
        #expect(simulation.file == nil)
        simulation.file = old
        simulation.read()
        simulation.pass(.seconds(2))
        #expect(simulation.file?.contains("refresh-2") == true)
        #expect(simulation.credential != nil)
        #expect(simulation.reused == 0)
    }

    @Test("recovery copies are taken up, one continuing the other, and discarded once they are written")
    func recovery() {
        var simulation = started(life: .seconds(3600))
        let first = simulation.issue(life: .seconds(3600), account: "account-1")
        let second = simulation.issue(life: .seconds(3600), account: "account-1")
        simulation.recovered = [
            RecoveredAnswer(
                answer: RefreshAnswer(access: Secret(second.access), refresh: Secret(second.refresh)),
                spent: Secret(first.refresh).digest, time: simulation.now + .seconds(20)),
            RecoveredAnswer(
                answer: RefreshAnswer(access: Secret(first.access), refresh: Secret(first.refresh)),
                spent: Secret("refresh-1").digest, time: simulation.now + .seconds(10)),
        ]
        simulation.remainsFound()
        simulation.pass(.seconds(2))
        #expect(simulation.asked.isEmpty)
        #expect(simulation.file?.contains("refresh-3") == true)
        #expect(simulation.recovered.isEmpty)
        #expect(!simulation.isLocked)
    }

    @Test("a refusal of tokens that another process has replaced meanwhile says nothing about those")
    func refusedAfterOvertaken() {
        var simulation = started()
        simulation.reject()
        simulation.pass(.milliseconds(1100))
        // The other process was first: its tokens are in the file, and read, before the refusal comes.
        simulation.refreshElsewhere()
        simulation.read()
        #expect(simulation.credential?.generation == 2)
        simulation.pass(.seconds(30))
        #expect(simulation.reused == 1)
        #expect(simulation.state.condition == .valid)
        #expect(simulation.reports.allSatisfy { $0.level < .error })
        simulation.pass(.seconds(4000))
        #expect(simulation.credential != nil)
        #expect(simulation.asked == ["refresh-1", "refresh-2"])
    }

    @Test("tokens that arrive when the file holds an API key are kept: the old file put back gets them")
    func keyWhileRefreshing() {
        var simulation = started()
        let old = simulation.file
        simulation.reject()
        simulation.pass(.milliseconds(1100))
        let before = simulation.discarded
        simulation.file = "{\"OPENAI_API_KEY\":\"sk-1\"}"
        simulation.read()
        simulation.pass(.seconds(60))
        #expect(simulation.asked == ["refresh-1"])
        #expect(simulation.credential?.mode == .apiKey)
        #expect(simulation.file?.contains("sk-1") == true)
        #expect(simulation.discarded == before)
        simulation.file = old
        simulation.read()
        simulation.pass(.seconds(2))
        #expect(simulation.file?.contains("refresh-2") == true)
        #expect(simulation.credential?.mode == .chatGPT)
        #expect(simulation.reused == 0)
    }

    @Test("tokens that could not be written are written when the file comes back from an API key")
    func keyOverUnsaved() {
        var simulation = started()
        simulation.saveProblem = .system(call: "write", text: "No space left on device")
        let old = simulation.file
        simulation.reject()
        simulation.pass(.seconds(5))
        simulation.file = "{\"OPENAI_API_KEY\":\"sk-1\"}"
        simulation.read()
        simulation.pass(.seconds(600))
        #expect(simulation.file?.contains("sk-1") == true)
        simulation.saveProblem = nil
        simulation.file = old
        simulation.read()
        simulation.pass(.seconds(2))
        #expect(simulation.file?.contains("refresh-2") == true)
    }

    @Test("at the end it is tried once more to write what is in memory only")
    func unsavedAtEnd() {
        var simulation = started()
        simulation.saveProblem = .system(call: "write", text: "No space left on device")
        simulation.pass(.seconds(2800))
        #expect(simulation.file?.contains("refresh-1") == true)
        simulation.saveProblem = nil
        simulation.end()
        #expect(simulation.file?.contains("refresh-2") == true)
    }

    @Test("while a copy can't be looked into nothing is asked, until the token is about to end")
    func unreadCopies() {
        var simulation = started()
        simulation.hasUnreadCopies = true
        simulation.pass(.seconds(3500))
        #expect(simulation.asked.isEmpty)
        #expect(simulation.reports.filter { $0 == .heldBack(.unreadCopies) }.count == 1)
        #expect(simulation.discarded == 0)
        simulation.pass(.seconds(99))
        #expect(simulation.asked == ["refresh-1"])
        #expect(simulation.credential != nil)
    }

    @Test("what an earlier process has left is taken up as soon as there is a file again")
    func copyWithoutFile() {
        var simulation = CredentialSimulation()
        let old = simulation.signIn()
        simulation.file = nil
        simulation.start()
        let tokens = simulation.issue(life: .seconds(3600), account: "account-1")
        simulation.recovered = [
            RecoveredAnswer(
                answer: RefreshAnswer(access: Secret(tokens.access), refresh: Secret(tokens.refresh)),
                spent: Secret("refresh-1").digest, time: simulation.now)
        ]
        simulation.remainsFound()
        simulation.pass(.seconds(2))
        #expect(simulation.recovered.count == 1)
        simulation.file = old
        simulation.read()
        simulation.remainsFound()
        simulation.pass(.seconds(2))
        #expect(simulation.file?.contains("refresh-2") == true)
        #expect(simulation.asked.isEmpty && simulation.recovered.isEmpty)
    }

    @Test("with a clock that is hours ahead, one refresh teaches the difference")
    func clockAhead() throws {
        var simulation = CredentialSimulation()
        simulation.signIn()
        simulation.start()
        // The file's token comes from a server whose clock is two hours behind.
        simulation.now = simulation.now + .seconds(7200)
        simulation.pass(.seconds(1))
        let issued = simulation.now - .seconds(7200)
        var tokens = try #require(
            simulation.state.lastGood.flatMap { file -> Tokens? in
                if case .chatGPT(let tokens) = file.login { tokens } else { nil }
            })
        tokens.refresh = Secret("refresh-1")
        simulation.state.phase = .refreshing(asked: tokens)
        let access = makeToken(serial: 9, issued: issued, expiry: issued + .seconds(3600))
        let actions = simulation.state.exchanged(
            .success(RefreshAnswer(access: Secret(access), refresh: Secret("refresh-9"))), at: simulation.now)
        let published = actions.compactMap { action -> Credential? in
            if case .publish(let credential) = action { credential } else { nil }
        }
        #expect(published.first?.expiry == simulation.now + .seconds(3600))
        #expect(simulation.state.refreshDue.map { $0 > simulation.now + .seconds(2000) } == true)
    }
}
