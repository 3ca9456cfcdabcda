import Glibc
import Logging
import LoopTestSupport
import OCMEventLoop
import OCMTLS
import Testing

@testable import ocm_supervisor

/// The store with its files, and the built program as its child, against a token endpoint in the test.
@Suite("The credential store", .serialized)
struct CredentialStoreTests {
    /// A store, what it published, and everything around it.
    @EventLoop private final class Bench {
        let directory = TemporaryDirectory()
        let server: TokenServer
        let program: String
        var store: CredentialStore
        var credential: Credential?
        var unavailable: Unavailable?
        var publications = 0
        private let changed = Wakeup()

        init(path: String = "auth.json", text: String? = nil) throws {
            server = try TokenServer()
            program = try SupervisorProgram.path
            directory.write(text ?? server.signIn(), to: path)
            store = Self.makeStore(directory.path + "/auth.json", program, server)
            begin()
        }

        private static func makeStore(_ path: String, _ program: String, _ server: TokenServer) -> CredentialStore {
            var settings = CredentialStore.Settings(
                path: path, program: program, endpoint: server.endpoint, trust: [.system])
            settings.deadlines = OAuthCall.Deadlines(connect: 2000, handshake: 2000, total: 10_000)
            return CredentialStore(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        private func begin() {
            let current = store
            store.subscribe { [weak self, weak current] publication in
                guard let self, current === store else { return }
                publications += 1
                switch publication {
                case .credential(let credential): (self.credential, unavailable) = (credential, nil)
                case .unavailable(let reason): (credential, unavailable) = (nil, reason)
                }
                changed.signal()
            }
            store.start()
        }

        /// Another process takes over, as after a crash: the old store does nothing more.
        func restart() async {
            await store.stop()
            store = Self.makeStore(store.settings.path, program, server)
            begin()
        }

        /// The supervisor is gone in the middle of things: the store neither hears the answer nor writes any more. The
        /// lock is the child's alone.
        func abandon() {
            let gone = store
            gone.state = LoginState { 0 }
            gone.lock = nil
            store = Self.makeStore(gone.settings.path, program, server)
            begin()
        }

        /// Waits until `condition` holds, looking whenever something was published or time has passed.
        func until(_ condition: @EventLoop () -> Bool, _ comment: Comment = "it did not come about") async {
            let deadline = Instant.now + .seconds(20)
            while !condition() {
                guard Instant.now < deadline else {
                    Issue.record(comment)
                    return
                }
                try? await changed.wait(until: min(deadline, .now + .milliseconds(20)))
            }
        }

        var file: String { directory.read("auth.json") ?? "" }

        func end() async {
            await store.stop()
            server.close()
        }
    }

    @Test("a rejected token is refreshed once for all, the file is rewritten, and nothing else is left but the lock")
    func refresh() throws {
        try onLoop {
            let bench = try Bench()
            #expect(bench.credential?.generation == 1)
            for _ in 0..<1000 { bench.store.rejected(generation: 1) }
            await bench.until { bench.credential?.generation == 2 }
            await bench.until { bench.file.contains("refresh-2") }
            #expect(bench.server.asked == ["refresh-1"])
            await bench.until { bench.directory.names == [".auth.json.ocm-lock", "auth.json"] }
            for _ in 0..<1000 { bench.store.rejected(generation: 1) }
            try await EventLoop.sleep(for: .milliseconds(200))
            #expect(bench.server.asked.count == 1)
            await bench.end()
        }
    }

    @Test("tokens that live three seconds are refreshed in time, again and again")
    func shortLives() throws {
        try onLoop {
            let bench = try Bench()
            bench.server.life = .seconds(3)
            bench.directory.write(bench.server.signIn(), to: "auth.json")
            await bench.until { bench.server.asked.count >= 4 && bench.credential != nil }
            #expect(bench.server.reused == 0)
            await bench.end()
        }
    }

    @Test("the file is followed: removed, half-written, replaced by rename, another mode")
    func watching() throws {
        try onLoop {
            let bench = try Bench()
            let text = bench.file
            unlink(bench.directory.path + "/auth.json")
            await bench.until { bench.unavailable?.reason == .loggedOut }
            bench.directory.write(String(text.prefix(60)), to: "auth.json")
            await bench.until { if case .damaged? = bench.unavailable?.reason { true } else { false } }
            bench.directory.write(text, to: "new")
            rename(bench.directory.path + "/new", bench.directory.path + "/auth.json")
            await bench.until { bench.credential?.mode == .chatGPT }
            bench.directory.write("{\"OPENAI_API_KEY\":\"sk-1\"}", to: "auth.json")
            await bench.until { bench.credential?.mode == .apiKey }
            bench.directory.write("{\"OPENAI_API_KEY\":", to: "auth.json")
            try await EventLoop.sleep(for: .milliseconds(400))
            #expect(bench.credential?.mode == .apiKey)
            await bench.end()
        }
    }

    @Test("a file that comes later is found")
    func lateFile() throws {
        try onLoop {
            let bench = try Bench(path: "elsewhere")
            #expect(bench.unavailable?.reason == .loggedOut)
            let text = bench.directory.read("elsewhere") ?? ""
            bench.directory.write(text, to: "auth.json")
            await bench.until { bench.credential != nil }
            await bench.end()
        }
    }

    @Test("a directory that comes later, with the file in it, is found")
    func lateDirectory() throws {
        try onLoop {
            let bench = try Bench()
            var settings = bench.store.settings
            settings.path = bench.directory.path + "/later/auth.json"
            let store = CredentialStore(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            store.start()
            #expect(store.state.condition == .absent)
            mkdir(bench.directory.path + "/later", 0o700)
            bench.directory.write(bench.file, to: "later/auth.json")
            await bench.until { store.state.condition == .valid }
            await store.stop()
            await bench.end()
        }
    }

    @Test("a link's target is watched and rewritten where it is")
    func link() throws {
        try onLoop {
            let bench = try Bench(path: "elsewhere")
            mkdir(bench.directory.path + "/real", 0o700)
            bench.directory.write(bench.server.signIn(), to: "real/login")
            symlink("real/login", bench.directory.path + "/auth.json")
            await bench.until { bench.credential != nil }
            bench.store.rejected(generation: 1)
            await bench.until { bench.directory.read("real/login")?.contains("refresh-3") == true }
            #expect(bench.directory.names == ["auth.json", "elsewhere", "real"])
            bench.directory.write("{\"OPENAI_API_KEY\":\"sk-1\"}", to: "real/login")
            await bench.until { bench.credential?.mode == .apiKey }
            await bench.end()
        }
    }

    @Test("an answer that was kept, but not written, is taken up at the next start and then removed")
    func recovery() throws {
        try onLoop {
            let bench = try Bench()
            await bench.store.stop()
            let (access, refresh) = bench.server.issue(.seconds(3600))
            let name = RecoveryCopy.newPath(for: bench.directory.path + "/auth.json")
            do {
                let copy = try RecoveryCopy.create(name, spending: Secret("refresh-1"))
                let body = "{\"access_token\":\"\(access)\",\"refresh_token\":\"\(refresh)\"}"
                try copy.writeAll("HTTP/1.1 200 OK\r\n\r\n\(body)".utf8Span.span)
            }
            await bench.restart()
            await bench.until { bench.file.contains("refresh-2") && bench.credential?.token.text == access }
            await bench.until { bench.directory.names == [".auth.json.ocm-lock", "auth.json"] }
            #expect(bench.server.asked.isEmpty)
            await bench.end()
        }
    }

    @Test("the exchange goes on when the supervisor is gone, and the next one waits for it and takes its answer")
    func outlivesSupervisor() throws {
        try onLoop {
            let bench = try Bench()
            let gate = Wakeup()
            bench.server.gate = gate
            bench.store.rejected(generation: 1)
            await bench.until { bench.server.asked.count == 1 }
            // Nothing that the old store does from here on reaches the file.
            bench.abandon()
            #expect(bench.credential != nil, "the token in the file is published meanwhile")
            gate.signal()
            await bench.until { bench.file.contains("refresh-2") }
            #expect(bench.server.asked == ["refresh-1"])
            #expect(bench.server.reused == 0)
            await bench.end()
        }
    }

    @Test("what a rewrite that was killed has left is removed, unless another process is at work")
    func remains() throws {
        try onLoop {
            let bench = try Bench()
            await bench.store.stop()
            let left = ".auth.json.ocm-new-0123456789abcdef"
            bench.directory.write("{", to: left)
            var other: CredentialLock?
            if case .taken(let lock) = CredentialLock.attempt(for: bench.directory.path + "/auth.json") {
                other = consume lock
            }
            let isHeld = other != nil
            #expect(isHeld)
            await bench.restart()
            // Newer tokens in the file are a reason to remove what is left of older ones.
            bench.directory.write(bench.server.signIn(), to: "auth.json")
            await bench.until { bench.credential?.generation == 2 }
            #expect(bench.directory.names.contains(left))
            other = nil
            await bench.until { bench.directory.names == [".auth.json.ocm-lock", "auth.json"] }
            #expect(bench.server.asked.isEmpty)
            await bench.end()
        }
    }

    @Test("another login in the file leaves the copy of an exchange under way; the old one, put back, gets what came")
    func copyUnderWay() throws {
        try onLoop {
            let bench = try Bench()
            bench.store.rejected(generation: 1)
            await bench.until { bench.file.contains("refresh-2") }
            let gate = Wakeup()
            bench.server.gate = gate
            bench.store.rejected(generation: 2)
            await bench.until { bench.server.asked.count == 2 }
            let path = bench.directory.path + "/auth.json"
            #expect(try RecoveryCopy.paths(for: path).count == 1)
            let old = bench.file
            bench.directory.write(bench.server.signIn(life: .seconds(7200)), to: "auth.json")
            await bench.until { bench.credential?.generation == 3 }
            #expect(try RecoveryCopy.paths(for: path).count == 1)
            gate.signal()
            await bench.until { bench.store.state.kept.contains { $0.tokens.refresh?.text == "refresh-3" } }
            #expect(try RecoveryCopy.paths(for: path).count == 1)
            #expect(bench.file.contains("refresh-4"))
            bench.directory.write(old, to: "auth.json")
            await bench.until { bench.directory.names == [".auth.json.ocm-lock", "auth.json"] }
            #expect(bench.file.contains("refresh-3"))
            await bench.end()
        }
    }

    @Test("what another process writes into the replaced file gets its name back")
    func lateWriter() throws {
        try onLoop {
            let bench = try Bench()
            // The CLI: has the file open, and writes after it was replaced.
            let writer = open(bench.directory.path + "/auth.json", O_WRONLY | O_CLOEXEC)
            bench.store.rejected(generation: 1)
            await bench.until { bench.file.contains("refresh-2") }
            try await EventLoop.sleep(for: .milliseconds(1100))
            let text = Array(bench.server.signIn().utf8)
            ftruncate(writer, 0)
            #expect(write(writer, text, text.count) == text.count)
            close(writer)
            await bench.until { bench.file.contains("refresh-3") }
            await bench.until { bench.credential?.generation == 3 }
            await bench.end()
        }
    }

    @Test("an answer that breaks off, and an endpoint that is down, are tried again")
    func failures() throws {
        try onLoop {
            let bench = try Bench()
            bench.server.orders = [
                "HTTP/1.1 503 Busy\r\nretry-after: 1\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{",
            ]
            bench.store.rejected(generation: 1)
            await bench.until { bench.unavailable != nil }
            await bench.until { bench.credential?.generation == 2 }
            #expect(bench.server.asked == ["refresh-1", "refresh-1", "refresh-1"])
            await bench.end()
        }
    }

    @Test(
        "a program that can't be started, or gives nonsense, is a failure for a while",
        arguments: ["/none", "/bin/echo"])
    func brokenChild(program: String) throws {
        try onLoop {
            let bench = try Bench()
            var settings = bench.store.settings
            settings.program = program
            let store = CredentialStore(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            store.start()
            store.rejected(generation: 1)
            await bench.until { if case .failing = store.state.condition { true } else { false } }
            await store.stop()
            await bench.end()
        }
    }

    @Test(
        "a refresh that was being prepared when the store stopped asks nothing, and has let go of the lock",
        arguments: [true, false])
    func stopWhilePreparing(isWaitingForLock: Bool) throws {
        try onLoop {
            let bench = try Bench()
            await bench.store.stop()
            let path = bench.directory.path + "/auth.json"
            do {
                let copy = try RecoveryCopy.create(RecoveryCopy.newPath(for: path), spending: Secret("refresh-0"))
                try copy.writeAll("HTTP/1.1 200 OK\r\n\r\n{}".utf8Span.span)
            }
            var other: CredentialLock?
            if isWaitingForLock, case .taken(let lock) = CredentialLock.attempt(for: path) { other = consume lock }
            let isHeld = other != nil
            #expect(isHeld == isWaitingForLock)
            let store = CredentialStore(
                bench.store.settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            _ = store.state.fileRead(store.file.read(), at: .now)
            store.state.isRejected = true
            store.state.phase = .preparing(since: .now, recheck: nil)
            // Runs up to where it waits: for the lock, or for a child that makes sense of the copy.
            let preparation = EventLoop.spawn { await store.prepare() }
            try await EventLoop.sleep(for: .milliseconds(1))
            let wasLocked = store.lock != nil
            await store.stop()
            other = nil
            await preparation.value
            let isLocked = store.lock != nil
            #expect(wasLocked == !isWaitingForLock && !isLocked)
            #expect(store.asking == nil && bench.server.asked.isEmpty)
            bench.server.close()
        }
    }

    @Test("tokens are not sent unencrypted to other machines")
    func unencrypted() throws {
        try onLoop {
            let order = ExchangeOrder(
                endpoint: BaseURL(isEncrypted: false, host: "192.0.2.1", port: 80, path: "/"),
                refreshToken: Secret("r"), copy: "/nonexistent/x", isUrgent: true, trust: [])
            guard case .failure(.failed(.connect, let text)) = await OAuthExchange(order: order).run() else {
                Issue.record("it was asked")
                return
            }
            #expect(text == "a token is not sent unencrypted to 192.0.2.1:80")
        }
    }

    @Test(
        "on a full disk a refresh waits; when the token is as good as gone it goes on in memory, and is saved later",
        .enabled(if: TemporaryDirectory.mayMount))
    func fullDisk() throws {
        try onLoop {
            let bench = try Bench()
            try await bench.directory.asSmallFileSystemOnLoop {
                bench.directory.write(bench.server.signIn(life: .seconds(5)), to: "auth.json")
                await bench.restart()
                bench.directory.fill()
                let generation = bench.credential?.generation ?? 0
                bench.store.rejected(generation: generation)
                await bench.until { bench.credential.map { $0.generation > generation } == true }
                #expect(bench.file.contains("refresh-2"), "nothing could be written")
                #expect(bench.store.state.status.unsaved?.contains("No space left") == true)
                bench.directory.empty()
                await bench.until { bench.file.contains("refresh-3") }
                #expect(bench.server.reused == 0)
                await bench.end()
            }
        }
    }
}
