import Glibc
import Testing

@testable import ocm_supervisor

@Suite struct StatusPageTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    @Test func aValidLoginIsShownCalmly() {
        let text = page(credential(.valid, usable: true, expires: now + .seconds(42 * 60)))
        #expect(text.contains("  login         valid\n"))
        #expect(text.contains("  account       o…@example.org, pro plan\n"))
        #expect(text.contains("  token         expires in 42 min ("))
        #expect(!text.contains("to do") && !text.contains("meanwhile"))
    }

    @Test func anEndedLoginWhoseTokenIsStillGoodSaysBoth() {
        let text = page(
            credential(.dead, usable: true, expires: now + .seconds(600), reason: "the refresh token was revoked"))
        #expect(text.contains("  login         ended: sign in again\n"))
        #expect(text.contains("  reason        the refresh token was revoked\n"))
        #expect(text.contains("  to do         run `ocm-supervisor login` again"))
        #expect(text.contains("  meanwhile     requests are served"))
    }

    @Test(arguments: StatusReport.Credential.State.allCases, [true, false])
    func everyStateHasItsWords(state: StatusReport.Credential.State, isUsable: Bool) {
        let rows = LoginLines(
            credential: credential(state, usable: isUsable, expires: now - .seconds(1)), time: LocalTime(now: now)
        ).rows
        #expect(rows.first?.name == "login" && rows.last?.name == "file")
        #expect(rows.contains { $0.name == "meanwhile" } == !(state == .refreshing || (state == .valid && isUsable)))
        #expect(rows.contains { $0.text.hasPrefix("expired 1 s ago") })
    }

    @Test func newTokensThatAreNotInTheFileAreSaid() {
        var login = credential(.valid, usable: true, expires: now + .seconds(600))
        login = StatusReport.Credential(
            path: login.path, state: login.state, usable: true, mode: login.mode, account: nil, plan: nil,
            expires: login.expires, last_refresh: nil, reason: nil, unsaved: "No space left on device")
        #expect(page(login).contains("in memory only"))
    }

    @Test func usageThatWaitsForTheDiskIsSaidAndWhy() {
        let login = credential(.valid, usable: true, expires: now + .seconds(600))
        func usage(waiting: Int, trouble: String? = nil) -> String {
            page(
                login,
                StatusReport.Usage(
                    path: "/u.json", waiting_bytes: waiting, waiting_bytes_at_most: 8 << 20, trouble: trouble))
        }
        let calm = usage(waiting: 1 << 20)
        #expect(calm.contains("  usage         counted in /u.json\n"))
        #expect(!calm.contains("wait in memory") && !calm.contains("not written"))
        #expect(usage(waiting: 3 << 20).contains("3.15M bytes of at most 8.39M bytes wait in memory"))
        let full = usage(waiting: 0, trouble: "/u.json: write: No space left on device")
        #expect(full.contains("not written at the moment: /u.json: write: No space left on device\n"))
        #expect(full.contains("0 bytes of at most"))
        #expect(page(login).contains("  usage         not counted"))
    }

    @Test func whatComesFromFilesCanNotSteerTheTerminal() {
        let login = StatusReport.Credential(
            path: "/a\u{1b}[2J\u{9b}b\nc", state: .valid, usable: true, mode: .chatgpt, account: nil, plan: nil,
            expires: nil, last_refresh: nil, reason: nil, unsaved: nil)
        let text = page(login)
        #expect(text.contains("/a?[2J?b?c\n"))
        #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
    }

    @Test(arguments: [
        (0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (7500, "2 h 5 min"),
        (86400, "1 day"), (90000, "1 day 1 h"), (172800, "2 days"), (864000, "10 days"), (900000, "10 days"),
    ])
    func durationsAreInWords(seconds: Int64, words: String) {
        #expect(LocalTime.words(seconds) == words)
    }

    @Test func timesAreRelativeAndByTheClock() {
        let time = LocalTime(now: now)
        #expect(time.relative(now) == "now")
        #expect(time.relative(now + .seconds(120)) == "in 2 min")
        #expect(time.relative(now - .seconds(120)) == "2 min ago")
        #expect(time.clock(now).split(separator: " ").count == 2, "the time and its zone")
        #expect(time.clock(now + .seconds(172800)).split(separator: " ").count == 3, "the date too")
    }

    @Test func theSocketIsLookedForWhereItMayBe() {
        let alice = surroundings(userID: 1000)
        #expect(AdminSocketSearch.places(nil, in: alice) == ["/run/user/1000/ocm/admin.sock", "/run/ocm/admin.sock"])
        #expect(AdminSocketSearch.places(nil, in: surroundings(userID: 0)) == ["/run/ocm/admin.sock"])
        var named = Configuration(file: "/c", services: [], workers: 1, stateDirectory: "/s", adminSocket: "/a.sock")
        #expect(AdminSocketSearch.places(named, in: alice) == ["/a.sock", "/run/ocm/admin.sock"])
        named.namesAdminSocket = true
        #expect(AdminSocketSearch.places(named, in: alice) == ["/a.sock"])
    }

    @Test func ofSeveralFailuresTheTellingOneIsTold() {
        let failure = SupervisorUnreachable(attempts: [("/a", .absent), ("/b", .forbidden)])
        #expect(failure.exitStatus == 77 && failure.text.contains("/b") && !failure.text.contains("/a"))
        let absent = SupervisorUnreachable(attempts: [("/a", .absent), ("/b", .absent)])
        #expect(absent.exitStatus == 1 && absent.text.contains("/a or /b"))
        let abandoned = SupervisorUnreachable(attempts: [("/a", .absent), ("/b", .abandoned)])
        #expect(abandoned.text.contains("on /b"))
    }

    private func surroundings(userID: UInt32) -> Surroundings {
        Surroundings(
            variables: ["XDG_RUNTIME_DIR": "/run/user/1000", "HOME": "/home/alice"], userID: userID,
            workingDirectory: "/", hostName: "host", processors: 1, homeOfUser: { _ in nil }, homeOfSelf: { nil })
    }

    private func credential(
        _ state: StatusReport.Credential.State, usable: Bool, expires: Timestamp, reason: String? = nil
    ) -> StatusReport.Credential {
        StatusReport.Credential(
            path: "/auth.json", state: state, usable: usable, mode: .chatgpt, account: "o…@example.org", plan: "pro",
            expires: expires.wholeSeconds, last_refresh: nil, reason: reason, unsaved: nil)
    }

    private func page(_ credential: StatusReport.Credential, _ usage: StatusReport.Usage? = nil) -> String {
        let service = StatusReport.Service(
            tag: "codex", listeners: [.init(address: "127.0.0.1", port: 80)], users: 1, credential: credential,
            usage: usage)
        let report = StatusReport(
            version: "1", pid: 1, state: .serving, started: now.wholeSeconds, time: now.wholeSeconds,
            configuration: "/c", workers_configured: 1, workers: [], services: [service])
        return StatusPage(report, now: now).text
    }
}
