import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@Suite struct FileWatchTests {
    @Test func aFileThatIsCreatedIsNamed() throws {
        try inDirectory { directory in
            let watch = try FileWatch(directory: directory)
            EventLoop.spawn { create(directory + "/auth.json") }
            let changes = try await watch.changes(until: EventLoop.now + .seconds(5))
            #expect(Set(changes.names) == ["auth.json"])
            #expect(!changes.isLost)
            watch.close()
        }
    }

    @Test func aRenameNamesBothFiles() throws {
        try inDirectory { directory in
            create(directory + "/new")
            let watch = try FileWatch(directory: directory)
            #expect(rename(directory + "/new", directory + "/auth.json") == 0)
            let changes = try await watch.changes(until: EventLoop.now + .seconds(5))
            #expect(changes.names == ["new", "auth.json"])
            watch.close()
        }
    }

    @Test func writingAttributesAndDeletionAreSeen() throws {
        try inDirectory { directory in
            let file = directory + "/auth.json"
            create(file)
            let watch = try FileWatch(directory: directory)
            for change in [{ create(file) }, { _ = chmod(file, 0o600) }, { _ = unlink(file) }] {
                change()
                let changes = try await watch.changes(until: EventLoop.now + .seconds(5))
                #expect(Set(changes.names) == ["auth.json"])
            }
            watch.close()
        }
    }

    @Test func aDirectoryThatGoesIsLost() throws {
        try inDirectory { directory in
            let inner = directory + "/inner"
            #expect(mkdir(inner, 0o700) == 0)
            let watch = try FileWatch(directory: inner)
            #expect(rmdir(inner) == 0)
            #expect(try await watch.changes(until: EventLoop.now + .seconds(5)).isLost)
            watch.close()
        }
    }

    @Test func nothingComesWhereNothingHappens() throws {
        try inDirectory { directory in
            let watch = try FileWatch(directory: directory)
            await #expect(throws: WaitError.timedOut) {
                _ = try await watch.changes(until: EventLoop.now + .milliseconds(10))
            }
            watch.close()
        }
    }

    @Test func onlyADirectoryCanBeWatched() throws {
        try onLoop {
            for (path, code) in [("/nonexistent", ENOENT), ("/etc/passwd", ENOTDIR)] {
                let failure = #expect(throws: SystemError.self) { _ = try FileWatch(directory: path) }
                #expect(failure?.code == code, "\(path)")
            }
        }
    }

    private func inDirectory(_ body: @escaping @EventLoop @Sendable (String) async throws -> Void) throws {
        var template = Array("/tmp/ocm-watch-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        let directory = String(cString: made)
        defer {
            for name in ["auth.json", "new"] { unlink(directory + "/" + name) }
            rmdir(directory + "/inner")
            rmdir(directory)
        }
        try onLoop { try await body(directory) }
    }
}

private func create(_ path: String) {
    let number = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    #expect(write(number, "{}", 2) == 2)
    close(number)
}
