import Glibc
import Logging
import LoopTestSupport
import OCMEventLoop
import OCMTLS
import Testing

@testable import ocm_supervisor

/// The store and its child against the fake API, which was written by other hands.
@Suite("The credential store and the fake API", .serialized)
struct CredentialFakeAPITests {
    /// The fake API as a process.
    @EventLoop private final class FakeAPI {
        let process: ChildProcess
        let port: UInt16
        let directory: TemporaryDirectory

        init(_ directory: TemporaryDirectory, lifetime: Int, arguments: [String] = []) async throws {
            self.directory = directory
            let script = #filePath.replacing(
                "SupervisorTests/CredentialFakeAPITests.swift", with: "Support/fake_api.py")
            let (socket, theirs) = try StreamSocket.pair(wakeup: Wakeup())
            var plan = ChildProcess.Plan(
                path: "/usr/bin/python3",
                arguments: [
                    "python3", script, "--auth-json", directory.path + "/auth.json", "--lifetime", "\(lifetime)",
                    "--state-file", directory.path + "/state",
                ] + arguments)
            plan.environment = ["PYTHONDONTWRITEBYTECODE=1"]
            plan.descriptors = [(theirs, 1), (2, 2)]
            plan.deathSignal = SIGKILL
            defer { close(theirs) }
            process = try ChildProcess(plan)
            port = try await Self.port(from: socket)
        }

        /// `{"port": 12345, …}`
        private static func port(from socket: StreamSocket) async throws -> UInt16 {
            var buffer = [UInt8](repeating: 0, count: 4096)
            try await socket.readable(until: EventLoop.now + .seconds(20))
            let outcome = try buffer.withUnsafeMutableBytes { try socket.read(into: $0) }
            guard case .bytes(let count) = outcome else { return 0 }
            let text = String(decoding: buffer[..<count], as: UTF8.self)
            let digits = text.drop { !$0.isNumber }.prefix { $0.isNumber }
            return try #require(UInt16(digits))
        }

        func end() async {
            process.kill(SIGTERM)
            _ = try? await process.exit()
        }
    }

    @EventLoop private static func store(
        _ api: FakeAPI, encrypted: Bool = false, trust: [TrustSource] = []
    ) throws -> CredentialStore {
        let settings = CredentialStore.Settings(
            path: api.directory.path + "/auth.json", program: try SupervisorProgram.path,
            endpoint: BaseURL(
                isEncrypted: encrypted, host: encrypted ? "localhost" : "127.0.0.1", port: api.port,
                path: "/oauth/token"),
            trust: trust)
        return CredentialStore(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Tokens of the store, one for each generation, until there are so many.
    @EventLoop private static func follow(_ store: CredentialStore, generations: UInt64) async throws -> Set<String> {
        var seen: Set<String> = []
        var last: UInt64 = 0
        let changed = Wakeup()
        store.subscribe { publication in
            guard case .credential(let credential) = publication else { return }
            seen.insert(credential.token.text)
            last = credential.generation
            changed.signal()
        }
        while last < generations { try await changed.wait(until: EventLoop.now + .seconds(30)) }
        return seen
    }

    @Test("tokens of four seconds are refreshed time after time; the fake API never sees one twice")
    func rotation() throws {
        try onLoop {
            let directory = TemporaryDirectory()
            let api = try await FakeAPI(directory, lifetime: 4)
            let store = try Self.store(api)
            store.start()
            let before = directory.read("auth.json") ?? ""
            let tokens = try await Self.follow(store, generations: 4)
            #expect(tokens.count == 4)
            await store.stop()
            let after = directory.read("auth.json") ?? ""
            #expect(after.split(separator: "\n").count == before.split(separator: "\n").count)
            #expect(tokens.contains { after.contains($0) })
            let state = directory.read("state") ?? ""
            #expect(state.components(of: "\"used\"") >= 3)
            await api.end()
        }
    }

    @Test("over TLS, with the certificate checked")
    func encrypted() throws {
        try onLoop {
            let directory = TemporaryDirectory()
            let (certificate, key) = (directory.path + "/cert.pem", directory.path + "/key.pem")
            var plan = ChildProcess.Plan(
                path: "/usr/bin/openssl",
                arguments: [
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout",
                    key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost",
                ])
            plan.environment = ["PATH=/usr/bin:/bin"]
            let exit = try await ChildProcess(plan).exit()
            try #require(exit == .code(0))
            let api = try await FakeAPI(
                directory, lifetime: 3600, arguments: ["--tls-certificate", certificate, "--tls-key", key])
            let store = try Self.store(api, encrypted: true, trust: [.file(path: certificate)])
            store.start()
            store.rejected(generation: 1)
            let tokens = try await Self.follow(store, generations: 2)
            #expect(tokens.contains { directory.read("auth.json")?.contains($0) == true })
            await store.stop()
            let untrusting = try Self.store(api, encrypted: true, trust: [.system])
            untrusting.start()
            untrusting.rejected(generation: 1)
            let deadline = EventLoop.now + .seconds(20)
            while untrusting.state.condition != .failing, EventLoop.now < deadline {
                try await EventLoop.sleep(for: .milliseconds(20))
            }
            guard case .failed(.handshake, _)? = untrusting.state.lastFailure else {
                Issue.record("\(String(describing: untrusting.state.lastFailure))")
                return
            }
            await untrusting.stop()
            await api.end()
        }
    }
}

extension String {
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
