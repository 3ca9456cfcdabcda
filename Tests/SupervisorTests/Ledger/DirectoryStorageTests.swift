import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@testable import ocm_supervisor

/// The ledger on real files.
struct DirectoryStorageTests {
    private let directory: String
    private let now = WallTime(seconds: 1_773_000_000)

    init() throws {
        var template = Array("/tmp/ocm-ledger-XXXXXX".utf8CString)
        directory = String(cString: try #require(mkdtemp(&template)))
    }

    @EventLoop private func ledger(_ path: String, log: NoticeLog = NoticeLog()) -> Ledger {
        Ledger(path: path, prices: testPrices) { log.notices.append($0) }
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test("files are private, survive a restart, and a second ledger on them is refused by name")
    func files() throws {
        try onLoop {
            let path = directory + "/usages.json"
            let first = ledger(path)
            try await first.open(now: now)
            await #expect(throws: LedgerError.inUse(path: path, holder: getpid())) {
                try await ledger(path).open(now: now)
            }
            let reporters = Reporters()
            for _ in 0..<3 { _ = first.add(reporters.report(worker: 1)) }
            #expect(await first.commit(now: now).count == 1)
            _ = first.add(reporters.report(worker: 1))
            #expect(await first.close(now: now).count == 1)
            for suffix in ["", ".daily.json", ".journal", ".lock"] {
                #expect(mode(path + suffix) == 0o600, "\(suffix)")
            }
            #expect(mode(path + ".new") == 0)

            let second = ledger(path)
            try await second.open(now: now)
            #expect(second.book.rows == book(of: reporters.sent).rows)
            _ = await second.close(now: now)
        }
    }

    @Test("two paths that mean the same file are one ledger's, and a symbolic link stays one")
    func links() throws {
        try onLoop {
            let path = directory + "/real.json"
            let link = directory + "/link.json"
            let first = ledger(path)
            try await first.open(now: now)
            first.prices.table.models["other"] = first.prices.table.models["gpt-5.5"]
            await first.compact(now: now)
            #expect(symlink("real.json", link) == 0)
            #expect(DirectoryStorage.resolve(link) == DirectoryStorage.resolve(path))
            await #expect(throws: LedgerError.inUse(path: DirectoryStorage.resolve(path), holder: getpid())) {
                try await ledger(link).open(now: now)
            }
            _ = await first.close(now: now)
            let second = ledger(link)
            try await second.open(now: now)
            _ = second.add(worker: WorkerIdentity(value: 1), sequence: 1, usage(input: 1))
            _ = await second.close(now: now)
            var status = stat()
            #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
            #expect(mode(link + ".journal") == 0)
        }
    }

    @Test("where a symbolic link leads to no file yet, the file is made there, and the link stays")
    func linkToBe() throws {
        try onLoop {
            #expect(mkdir(directory + "/elsewhere", 0o700) == 0)
            #expect(symlink("elsewhere", directory + "/by") == 0)
            #expect(symlink("by/real.json", directory + "/second.json") == 0)
            #expect(symlink(directory + "/second.json", directory + "/first.json") == 0)
            let real = directory + "/elsewhere/real.json"
            #expect(DirectoryStorage.resolve(directory + "/first.json") == real)
            let linked = ledger(directory + "/first.json")
            try await linked.open(now: now)
            await #expect(throws: LedgerError.inUse(path: real, holder: getpid())) {
                try await ledger(real).open(now: now)
            }
            _ = linked.add(worker: WorkerIdentity(value: 1), sequence: 1, usage(input: 1))
            _ = await linked.close(now: now)
            var status = stat()
            #expect(lstat(real, &status) == 0 && status.st_mode & S_IFMT == S_IFREG)
            #expect(lstat(directory + "/first.json", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
        }
    }

    @Test("links that lead nowhere are said to")
    func loop() throws {
        try onLoop {
            let path = directory + "/loop.json"
            #expect(symlink("loop.json", path) == 0)
            let log = NoticeLog()
            let ledger = ledger(path, log: log)
            try await ledger.open(now: now)
            #expect(log.notices == [.stalled(.system(call: "open", path: path, errno: ELOOP))])
            _ = await ledger.close(now: now)
        }
    }

    @Test("a lock that was removed is taken again, or the files are left to whoever has it now")
    func lockRemoved() throws {
        try onLoop {
            let path = directory + "/usages.json"
            let first = ledger(path)
            try await first.open(now: now)
            let reporters = Reporters()
            _ = first.add(reporters.report(worker: 1))
            #expect(unlink(path + ".lock") == 0)
            #expect(await first.commit(now: now).map(\.sequence) == [1])
            await #expect(throws: LedgerError.inUse(path: path, holder: getpid())) {
                try await ledger(path).open(now: now)
            }
            #expect(unlink(path + ".lock") == 0)
            let second = ledger(path)
            try await second.open(now: now)
            _ = first.add(reporters.report(worker: 1))
            #expect(await first.commit(now: now) == [])
            #expect(first.trouble == .inUse(path: path, holder: getpid()))
            _ = await second.close(now: now)
            #expect(await first.commit(now: now).map(\.sequence) == [2])
            _ = await first.close(now: now)
            let third = ledger(path)
            try await third.open(now: now)
            #expect(third.book.rows == book(of: reporters.sent).rows)
            _ = await third.close(now: now)
        }
    }

    @Test("a journal that was removed or replaced is written anew from what is counted")
    func journalRemoved() throws {
        try onLoop {
            let path = directory + "/usages.json"
            let first = ledger(path)
            try await first.open(now: now)
            let reporters = Reporters()
            for round in 0..<3 {
                _ = first.add(reporters.report(worker: 1))
                #expect(await first.commit(now: now).count == 1)
                #expect(unlink(path + ".journal") == 0)
                if round == 1 { close(open(path + ".journal", O_CREAT | O_WRONLY, 0o600)) }
            }
            _ = first.add(reporters.report(worker: 1))
            #expect(await first.commit(now: now).count == 1)
            let storage = DirectoryStorage(path: path)
            let replay = try LedgerReplay(
                usages: try storage.read(.usages), daily: try storage.read(.daily), journal: try storage.read(.journal),
                prices: testPrices, zone: .system)
            #expect(replay.book.rows == book(of: reporters.sent).rows)
            _ = await first.close(now: now)
        }
    }

    @Test("a directory that does not exist yet is no reason not to start: reports wait for it")
    func missingDirectory() throws {
        try onLoop {
            let path = directory + "/later/usages.json"
            let log = NoticeLog()
            let waiting = ledger(path, log: log)
            try await waiting.open(now: now)
            #expect(log.notices == [.stalled(.system(call: "open", path: path + ".lock", errno: ENOENT))])
            let reporters = Reporters()
            #expect(waiting.add(reporters.report(worker: 1)) == .accepted)
            #expect(await waiting.commit(now: now) == [])
            await waiting.compact(now: now)
            #expect(mkdir(directory + "/later", 0o700) == 0)
            #expect(await waiting.commit(now: now).map(\.sequence) == [1])
            await waiting.compact(now: now)
            #expect(log.notices.count == 2 && log.notices.last == .recovered)
            _ = await waiting.close(now: now)
        }
    }

    @Test("a file that can not be replaced keeps its usage in the journal until it can")
    func unreplaceable() throws {
        try onLoop {
            let path = directory + "/stuck.json"
            let log = NoticeLog()
            let stuck = ledger(path, log: log)
            try await stuck.open(now: now)
            _ = stuck.add(worker: WorkerIdentity(value: 1), sequence: 1, usage(input: 1))
            #expect(await stuck.commit(now: now).count == 1)
            // The draft's name is taken by a directory: neither file nor journal can be replaced.
            #expect(mkdir(path + ".new", 0o700) == 0)
            await stuck.compact(now: now)
            #expect(stuck.trouble == .system(call: "open", path: path + ".new", errno: EISDIR))
            #expect(stuck.add(worker: WorkerIdentity(value: 1), sequence: 2, usage(input: 1)) == .accepted)
            #expect(await stuck.commit(now: now).map(\.sequence) == [2])
            #expect(rmdir(path + ".new") == 0)
            await stuck.compact(now: now)
            #expect(stuck.trouble == nil)
            #expect(stuck.book.rows.values.map(\.total.requests) == [2])
            _ = await stuck.close(now: now)
        }
    }
}
