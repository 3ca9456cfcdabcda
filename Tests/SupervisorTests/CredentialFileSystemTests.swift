import Glibc
import OCMEventLoop
import Testing

@testable import ocm_supervisor

@Suite("auth.json as a file")
struct CredentialFileSystemTests {
    private let directory = TemporaryDirectory()

    private var path: String { directory.path + "/auth.json" }

    private func write(_ text: String, mode: mode_t = 0o600) {
        directory.write(text, to: "auth.json", mode: mode)
    }

    private func replace(with text: String) throws(SaveProblem) -> Bool {
        let target = CredentialFile(path: path).target
        guard case .success(let opened) = CredentialFile(path: target).open() else { return false }
        return try CredentialFile.replace(target, opened, with: Secret(text))
    }

    @Test("a login is read; missing is missing, with its directory too")
    func reading() {
        guard case .missing = CredentialFile(path: path).read() else { return record("not missing") }
        guard case .missing = CredentialFile(path: directory.path + "/none/auth.json").read() else {
            return record("not missing")
        }
        write("{\"OPENAI_API_KEY\":\"k\"}")
        guard case .file(let file) = CredentialFile(path: path).read(), case .apiKey = file.login else {
            return record("no login")
        }
        write("{\"OPEN")
        guard case .damaged = CredentialFile(path: path).read() else { return record("not damaged") }
    }

    private func record(_ text: Comment) {
        Issue.record(text)
    }

    private func unreadable(_ reading: FileReading) -> String? {
        if case .unreadable(let text) = reading { text } else { nil }
    }

    @Test("a directory, a FIFO or a device in the file's place is not read, and nothing waits for it")
    func notRegular() {
        #expect(mkdir(path, 0o700) == 0)
        #expect(unreadable(CredentialFile(path: path).read()) == "it is a directory")
        rmdir(path)
        #expect(mkfifo(path, 0o600) == 0)
        #expect(unreadable(CredentialFile(path: path).read()) == "it is not a regular file")
        unlink(path)
        #expect(symlink("/dev/zero", path) == 0)
        #expect(unreadable(CredentialFile(path: path).read()) == "it is not a regular file")
    }

    @Test("a file of 50 MB is not read")
    func large() {
        write("")
        #expect(truncate(path, 50 << 20) == 0)
        #expect(
            unreadable(CredentialFile(path: path).read()) == "it has 52428800 bytes, a login has at most 1048576")
    }

    @Test("a circle of links says so")
    func circle() {
        #expect(symlink("auth.json", path) == 0)
        #expect(unreadable(CredentialFile(path: path).read()) == "open: Too many levels of symbolic links")
    }

    @Test("a rewrite keeps mode and owner and leaves nothing beside", arguments: [0o600, 0o640, 0o400] as [mode_t])
    func modeAndOwner(mode: mode_t) throws {
        write("old", mode: mode)
        if geteuid() == 0 { #expect(chown(path, 65534, 65533) == 0) }
        #expect(try replace(with: "new"))
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == mode)
        if geteuid() == 0 { #expect(status.st_uid == 65534 && status.st_gid == 65533) }
        #expect(directory.read("auth.json") == "new")
        #expect(directory.names == ["auth.json"])
    }

    @Test("links are followed to their target, which is rewritten where it is")
    func links() throws {
        #expect(mkdir(directory.path + "/real", 0o700) == 0)
        directory.write("old", to: "real/login.json")
        #expect(symlink("middle", path) == 0)
        #expect(symlink("real/login.json", directory.path + "/middle") == 0)
        #expect(try replace(with: "new"))
        #expect(directory.read("real/login.json") == "new")
        #expect(directory.names == ["auth.json", "middle", "real"])
        #expect(TemporaryDirectory.names(in: directory.path + "/real") == ["login.json"])
    }

    @Test("a file that has changed since it was read is not replaced")
    func changed() throws {
        write("old")
        guard case .success(let opened) = CredentialFile(path: path).open() else { return record("not opened") }
        write("other")
        #expect(try !CredentialFile.replace(path, opened, with: Secret("new")))
        #expect(directory.read("auth.json") == "other")
        #expect(directory.names == ["auth.json"])
    }

    @Test(
        "on a full disk the old file stays whole, and nothing is left beside it",
        .enabled(if: TemporaryDirectory.mayMount))
    func fullDisk() throws {
        try directory.asSmallFileSystem { path in
            directory.write("old", to: "auth.json")
            directory.fill()
            let text = String(repeating: "x", count: 20_000)
            #expect(throws: SaveProblem.system(call: "write", text: "No space left on device")) {
                try replace(with: text)
            }
            #expect(directory.read("auth.json") == "old")
            #expect(directory.names == ["auth.json", "filling"])
            #expect(throws: SystemError("fallocate", ENOSPC)) {
                _ = try RecoveryCopy.create(RecoveryCopy.newPath(for: self.path), spending: Secret("r"))
            }
            #expect(directory.names == ["auth.json", "filling"])
        }
    }

    @Test(
        "in a read-only file system nothing is written, and the message says why",
        .enabled(if: TemporaryDirectory.mayMount))
    func readOnly() throws {
        try directory.asSmallFileSystem { path in
            directory.write("old", to: "auth.json")
            directory.makeReadOnly()
            #expect(throws: SaveProblem.system(call: "open", text: "Read-only file system")) {
                try replace(with: "new")
            }
            #expect(directory.read("auth.json") == "old")
        }
    }

    @Test("one process has the lock at a time; a child that inherited it keeps it")
    func lock() {
        write("x")
        var first: CredentialLock?
        if case .taken(let lock) = CredentialLock.attempt(for: path) { first = consume lock }
        guard let number = first?.descriptor.number else { return record("not taken") }
        guard case .busy = CredentialLock.attempt(for: path) else { return record("not busy") }
        let inherited = dup(number)
        first = nil
        guard case .busy = CredentialLock.attempt(for: path) else { return record("not kept") }
        close(inherited)
        guard case .taken = CredentialLock.attempt(for: path) else { return record("not taken again") }
    }

    @Test("a recovery copy says what was spent for it, and is private")
    func recoveryCopy() throws {
        write("x")
        let name = RecoveryCopy.newPath(for: path)
        let descriptor = try RecoveryCopy.create(name, spending: Secret("refresh"))
        try descriptor.writeAll("HTTP/1.1 200 OK\r\n".utf8Span.span)
        try descriptor.writeAll("\r\n{}".utf8Span.span)
        #expect(try RecoveryCopy.paths(for: path) == [name])
        guard case .answer(let spent, let answer, _) = RecoveryCopy.read(name) else { return record("not read") }
        #expect(spent == Secret("refresh").digest)
        #expect(answer.text == "HTTP/1.1 200 OK\r\n\r\n{}")
        var status = stat()
        #expect(stat(name, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        directory.write("ocm-answer 1 zz", to: ".auth.json.ocm-answer-zz")
        guard case .nothing = RecoveryCopy.read(directory.path + "/.auth.json.ocm-answer-zz") else {
            return record("taken for a copy")
        }
    }

    @Test("a copy has no holes: after a piece that could not be kept none is")
    func noHoles() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let reading = FileDescriptor(owning: ends[0])
        let writing = FileDescriptor(owning: ends[1])
        for end in ends { #expect(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
        var kept = KeptAnswer(in: writing.number)
        let piece = [UInt8](repeating: 1, count: 4096)
        while kept.isWhole { kept.append(piece.span) }
        var drained = [UInt8](repeating: 0, count: 1 << 20)
        while read(reading.number, &drained, drained.count) > 0 {}
        kept.append(piece.span)
        #expect(read(reading.number, &drained, drained.count) == -1, "there is room again, and nothing was written")
        #expect(!kept.isWhole)
    }

    @Test("a copy that can't be opened is not taken for none")
    func unreadableCopy() throws {
        write("x")
        let name = RecoveryCopy.newPath(for: path)
        _ = try RecoveryCopy.create(name, spending: Secret("refresh"))
        guard case .nothing = RecoveryCopy.read(name) else { return record("an answer before any was written") }
        // Any failure but that there is none; which one does not matter.
        let unreachable = "/" + String(repeating: "x", count: 5000) + "/auth.json"
        guard case .unreadable = RecoveryCopy.read(unreachable) else { return record("taken for none") }
        #expect(throws: SystemError("opendir", ENAMETOOLONG)) { try RecoveryCopy.paths(for: unreachable) }
    }

    @Test(
        "a file that is mounted by itself is rewritten in its place, shorter and longer, and stays whole on a full disk",
        .enabled(if: TemporaryDirectory.mayMount))
    func mountedFile() throws {
        try directory.asSmallFileSystem { _ in
            write(String(repeating: "o", count: 5000))
            #expect(mount(path, path, nil, UInt(MS_BIND), nil) == 0)
            defer { umount2(path, Int32(MNT_DETACH)) }
            for text in ["shorter", String(repeating: "l", count: 9000)] {
                let isDone = try replace(with: text)
                #expect(isDone && directory.read("auth.json") == text)
            }
            directory.fill()
            #expect(throws: SaveProblem.self) { try replace(with: String(repeating: "m", count: 20_000)) }
            #expect(directory.read("auth.json") == String(repeating: "l", count: 9000))
            #expect(directory.names == ["auth.json", "filling"])
        }
    }

    @Test("a file of another user is refused, with the two ways to deploy")
    func foreignOwner() throws {
        write("old", mode: 0o644)
        guard case .success(let opened) = CredentialFile(path: path).open() else { return record("not opened") }
        #expect(throws: SaveProblem.foreignOwner(geteuid())) {
            try CredentialFile.replace(path, opened, with: Secret("new"), as: 65534)
        }
        #expect(directory.read("auth.json") == "old")
        #expect(directory.names == ["auth.json"])
        #expect("\(SaveProblem.foreignOwner(65533))".contains("ocm@USER.service"))
    }
}
