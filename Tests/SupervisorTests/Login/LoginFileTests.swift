import Glibc
import OCMEventLoop
import Testing

@testable import ocm_supervisor

@Suite("The place of a login")
struct LoginFileTests {
    private let directory = TemporaryDirectory()

    private let tokens = Tokens(
        access: Secret("access"), refresh: Secret("refresh"), id: Secret("id"), account: "acc", lastRefresh: .now)

    private func file(_ name: String = "auth.json") -> LoginFile {
        LoginFile(path: directory.path + "/" + name)
    }

    private func status(_ name: String) -> stat {
        var status = stat()
        #expect(lstat(directory.path + "/" + name, &status) == 0)
        return status
    }

    @Test("a new file is its owner's alone; the probe before leaves nothing")
    func newFile() throws {
        try file().probe()
        #expect(directory.names.isEmpty)
        try file().save(tokens)
        #expect(directory.names == ["auth.json"])
        #expect(status("auth.json").st_mode == S_IFREG | 0o600)
    }

    @Test("a missing directory is made for its owner alone, and by the probe for its duration only")
    func newDirectory() throws {
        try file("home/auth.json").probe()
        #expect(directory.names.isEmpty)
        try file("home/auth.json").save(tokens)
        #expect(status("home").st_mode == S_IFDIR | 0o700)
        #expect(status("home/auth.json").st_mode == S_IFREG | 0o600)
    }

    @Test("mode and owner of a file stay")
    func keptMode() throws {
        directory.write("{\"OPENAI_API_KEY\": \"sk\"}", to: "auth.json", mode: 0o640)
        let owner: uid_t = geteuid() == 0 ? 12345 : geteuid()
        chown(directory.path + "/auth.json", owner, getegid())
        try file().save(tokens)
        #expect(status("auth.json").st_mode == S_IFREG | 0o640)
        #expect(status("auth.json").st_uid == owner)
    }

    @Test("what root makes in another user's directory is that user's", .enabled(if: geteuid() == 0))
    func ownersDirectory() throws {
        chown(directory.path, 12345, 12346)
        try file().save(tokens)
        try file("home/auth.json").save(tokens)
        for name in ["auth.json", "home", "home/auth.json"] {
            #expect(status(name).st_uid == 12345 && status(name).st_gid == 12346, "\(name)")
        }
        guard case .taken = CredentialLock.attempt(for: directory.path + "/other.json") else {
            Issue.record("no lock")
            return
        }
        #expect(status(".other.json.ocm-lock").st_uid == 12345)
    }

    @Test("what root did not just make stays root's, whatever name it has got", .enabled(if: geteuid() == 0))
    func notGivenAway() throws {
        directory.write("", to: "precious")
        directory.write("root's", to: "full")
        mkdir(directory.path + "/elsewhere", 0o700)
        mkdir(directory.path + "/home", 0o700)
        directory.write("", to: "home/mine")
        chown(directory.path, 12345, 12346)
        // Put by the user where the lock will be: a second name of a file, a file that is in use, one that is a link.
        link(directory.path + "/precious", directory.path + "/.a.ocm-lock")
        rename(directory.path + "/full", directory.path + "/.b.ocm-lock")
        symlink("precious", directory.path + "/.c.ocm-lock")
        for name in ["a", "b", "c"] { _ = CredentialLock.attempt(for: directory.path + "/" + name) }
        for name in ["precious", ".a.ocm-lock", ".b.ocm-lock"] { #expect(status(name).st_uid == 0, "\(name)") }
        // The same for directories, of which there is one that has just been made.
        for (name, owner) in [("home", 0), ("elsewhere", 12345)] as [(String, uid_t)] {
            let opened = try FileDescriptor(
                "open", open(directory.path + "/" + name, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
            opened.giveToOwner(of: directory.path)
            #expect(status(name).st_uid == owner, "\(name)")
        }
    }

    @Test("a link leads to its target, there or not", arguments: [true, false])
    func links(isThere: Bool) throws {
        mkdir(directory.path + "/real", 0o700)
        if isThere { directory.write("{\"kept\": 1}", to: "real/login.json") }
        symlink("real/login.json", directory.path + "/second")
        symlink(directory.path + "/second", directory.path + "/auth.json")
        try file().probe()
        try file().save(tokens)
        #expect(status("auth.json").st_mode & S_IFMT == S_IFLNK)
        #expect(status("second").st_mode & S_IFMT == S_IFLNK)
        let text = try #require(directory.read("real/login.json"))
        #expect(text.contains("\"refresh\"") && text.contains("kept") == isThere)
    }

    @Test("what is no login is not overwritten, and that is found out before")
    func noLogin() throws {
        mkdir(directory.path + "/folder", 0o700)
        #expect(throws: SaveProblem.damaged("it is a directory")) { try file("folder").probe() }
        #expect(throws: SaveProblem.damaged("it is a directory")) { try file("folder").save(tokens) }
        directory.write(String(repeating: "x", count: AuthFile.maximumSize + 1), to: "large")
        #expect(throws: SaveProblem.self) { try file("large").probe() }
        #expect(throws: SaveProblem.self) { try file("large").save(tokens) }
        #expect(status("large").st_size == AuthFile.maximumSize + 1)
        #expect(throws: SaveProblem.self) { try file("no/such/auth.json").probe() }
    }

    @Test("a login that another process wrote meanwhile is not overwritten by a new file")
    func overtaken() throws {
        let path = directory.path + "/auth.json"
        var draft = try Draft(for: path)
        try draft.write(Secret("{\"mine\": 1}"))
        directory.write("{\"theirs\": 1}", to: "auth.json")
        #expect(try !draft.take(path))
        #expect(directory.read("auth.json") == "{\"theirs\": 1}")
        unlink(path)
        #expect(try draft.take(path))
        #expect(directory.names == ["auth.json"] && directory.read("auth.json") == "{\"mine\": 1}")
    }

    @Test("half a file is replaced", arguments: ["", "{", "{\"tokens\": {\"access_token\": \"x"])
    func halfAFile(text: String) throws {
        directory.write(text, to: "auth.json")
        try file().probe()
        try file().save(tokens)
        guard case .file(let read) = CredentialFile(path: directory.path + "/auth.json").read(),
            case .chatGPT(let tokens) = read.login
        else {
            Issue.record("no login")
            return
        }
        #expect(tokens.matches(tokens))
    }

    @Test("a full disk is found out before, and harms nothing after", .enabled(if: TemporaryDirectory.mayMount))
    func fullDisk() throws {
        try directory.asSmallFileSystem { path in
            directory.write("{\"OPENAI_API_KEY\": \"sk\"}", to: "auth.json")
            directory.write(String(repeating: "x", count: 4096), to: "filler")
            let filler = open(path + "/filler", O_WRONLY | O_APPEND)
            let block = [UInt8](repeating: 0, count: 4096)
            while write(filler, block, block.count) > 0 {}
            #expect(throws: SaveProblem.self) { try file().probe() }
            #expect(throws: SaveProblem.self) { try file().save(tokens) }
            #expect(directory.names == ["auth.json", "filler"])
            #expect(directory.read("auth.json") == "{\"OPENAI_API_KEY\": \"sk\"}")
            ftruncate(filler, 0)
            close(filler)
            try file().probe()
            try file().save(tokens)
            #expect(directory.read("auth.json")?.contains("\"refresh\"") == true)
        }
    }
}
