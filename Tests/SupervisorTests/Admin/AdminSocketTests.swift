import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@testable import ocm_supervisor

@Suite struct AdminSocketTests {
    @Test(arguments: [mode_t(0), 0o022, 0o077, 0o777])
    func theModeIsTheSameWhateverTheUmask(mask: mode_t) throws {
        try onLoop {
            let path = temporaryPath()
            let previous = umask(mask)
            let socket = try? await AdminSocket.open(path, makesDirectory: false)
            #expect(umask(previous) == mask, "the umask is as it was")
            #expect(mode(path) == S_IFSOCK | 0o660)
            try #require(socket).close()
            #expect(mode(path) == nil)
        }
    }

    @Test func aLiveOneIsNotReplacedAndADeadOneIs() throws {
        try onLoop {
            let path = temporaryPath()
            let first = try await AdminSocket.open(path, makesDirectory: false)
            await expectFailure(path) { $0.isConflict && "\($0)".contains("process \(getpid())") }
            first.listener.close()
            #expect(mode(path) != nil, "as after a kill")
            let second = try await AdminSocket.open(path, makesDirectory: false)
            first.close()
            #expect(mode(path) != nil, "the socket is the second's")
            second.close()
            #expect(mode(path) == nil)
        }
    }

    @Test func aFileOrALinkOfTheNameIsLeftAlone() throws {
        try onLoop {
            let (path, target) = (temporaryPath(), temporaryPath())
            let live = try await AdminSocket.open(target, makesDirectory: false)
            symlink(target, path)
            await expectFailure(path) { if case .occupied = $0 { true } else { false } }
            #expect(mode(path) == S_IFLNK | 0o777)
            unlink(path)
            live.close()
        }
    }

    @Test func missingDirectoriesAreMadeInTheDefaultPlaceAlone() throws {
        try onLoop {
            let top = temporaryPath()
            let path = top + "/run/ocm/admin.sock"
            await expectFailure(path) { if case .system(_, let error) = $0 { error.code == ENOENT } else { false } }
            let previous = umask(0o077)
            let socket = try? await AdminSocket.open(path, makesDirectory: true)
            umask(previous)
            #expect(mode(top + "/run/ocm") == S_IFDIR | 0o755)
            try #require(socket).close()
            for directory in ["/run/ocm", "/run", ""] { rmdir(top + directory) }
        }
    }

    @Test func theGroupIsTheSocketsAsOfNow() throws {
        try onLoop {
            let path = temporaryPath()
            let socket = try await AdminSocket.open(path, makesDirectory: false)
            #expect(socket.group == getegid())
            if geteuid() == 0 {
                chown(path, 0, 60009)
                #expect(socket.group == 60009)
            }
            socket.close()
        }
    }

    @Test func rootTheOwnerAndTheGroupMayAsk() {
        func peer(_ user: UInt32, _ group: UInt32, _ others: [UInt32] = []) -> PeerCredentials {
            PeerCredentials(process: 1, user: user, group: group, supplementaryGroups: others)
        }
        func isPermitted(_ peer: PeerCredentials) -> Bool { AdminAccess.isPermitted(peer, group: 20, owner: 10) }
        #expect(isPermitted(peer(0, 99)) && isPermitted(peer(10, 99)))
        #expect(isPermitted(peer(11, 20)) && isPermitted(peer(11, 99, [98, 20])))
        #expect(!isPermitted(peer(11, 99)) && !isPermitted(peer(20, 10, [0, 10])))
    }

    @Test func ofEachUsersRefusalsOneAMinuteIsTold() {
        var refusals = AdminRefusals()
        let start = Instant(nanoseconds: 1_000_000_000_000)
        let asked: [(user: UInt32, after: Int)] = [(1, 0), (1, 59), (2, 59), (1, 60), (1, 61), (2, 118)]
        let told = asked.map { refusals.isNews($0.user, at: start + .seconds($0.after)) }
        #expect(told == [true, false, true, true, false, false])
    }

    @EventLoop private func expectFailure(_ path: String, _ fits: (AdminSocketError) -> Bool) async {
        do throws(AdminSocketError) {
            try await AdminSocket.open(path, makesDirectory: false).close()
            Issue.record("\(path) was opened")
        } catch {
            #expect(fits(error), "\(error)")
        }
    }
}

private func temporaryPath() -> String {
    "/tmp/ocm-admin-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
}

private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode : nil
}
