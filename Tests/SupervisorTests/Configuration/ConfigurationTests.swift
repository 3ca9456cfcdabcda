import OCMTLS
import Testing

@testable import ocm_supervisor

@Suite("Configuration")
struct ConfigurationTests {
    @Test(
        "a usage file is no file that something else is kept in",
        arguments: [
            ("/etc/ocm/config.json", "is this configuration"), ("/home/alice/auth.json", "is the login of services[1]"),
            ("/run/p.json", "is the price table"),
            ("/var/log/ocm", "is the log"), ("/srv/a.sock", "is the admin socket"),
            ("/srv/a", nil), ("/srv/u.json.daily.json", "is written beside the usage file of services[0]"),
            ("/srv/u.json.journal", "is written beside the usage file"), ("/srv/u.json.lock", "is written beside"),
            ("/srv/u.json.new", "is written beside the usage file"), ("/srv/u.json", nil), ("/srv/v.json", nil),
            ("/srv/" + String(repeating: "x", count: 216), nil),
            ("/srv/" + String(repeating: "x", count: 217), "names a file of 217 bytes"),
        ])
    func usageFiles(path: String, reason: String?) {
        let text = """
            { "log": { "output": "/var/log/ocm" },
              "services": [
                { "type": "ocm", "listen_port": 1, "credential_path": "/home/alice/auth.json", "usages_path": "/srv/u.json",
                  "users": [{ "name": "a", "token": "sk-1" }] },
                { "type": "ocm", "listen_port": 2, "credential_path": "/home/alice/auth.json", "usages_path": "\(path)",
                  "users": [{ "name": "a", "token": "sk-1" }] } ],
              "supervisor": { "pricing_path": "/run/p.json", "state_directory": "/srv", "admin_socket": "/srv/a.sock" } }
            """
        let source = SourceText(file: "/etc/ocm/config.json", bytes: Array(text.utf8))
        var errors: [Diagnostic] = []
        do throws(InvalidConfiguration) {
            _ = try ConfigurationFile.read(source, in: Samples.alice)
        } catch {
            errors = error.diagnostics.filter { $0.severity == .error }
        }
        #expect(errors.map(\.path) == (reason == nil ? [] : ["services[1].usages_path"]))
        if let reason { #expect(errors.first?.message.contains(reason) == true, "\(errors)") }
    }

    @Test("two services beside each other's usage file are refused in either order")
    func usageFilesBesides() {
        for (one, other) in [("/srv/u.json", "/srv/u.json.daily.json"), ("/srv/u.json.daily.json", "/srv/u.json")] {
            let text = """
                { "services": [
                    { "type": "ocm", "listen_port": 1, "usages_path": "\(one)", "users": [{ "name": "a", "token": "s" }] },
                    { "type": "ocm", "listen_port": 2, "usages_path": "\(other)", "users": [{ "name": "a", "token": "s" }] } ] }
                """
            #expect(throws: InvalidConfiguration.self) { try Samples.read(text) }
        }
    }

    @Test("what the file leaves out has its default")
    func defaults() throws {
        let configuration = try Samples.read("{ \"services\": [ { \"type\": \"ocm\" } ] }")
        #expect(configuration.file == "/work/config.json")
        #expect(
            configuration.log
                == Configuration.Log(
                    disabled: false, level: .info, output: .unnamed, timestamp: true, format: .text, access: true))
        #expect(configuration.workers == 4)
        #expect(configuration.workerUser == nil)
        #expect(configuration.drainTimeout == .seconds(1800))
        #expect(configuration.stopTimeout == .seconds(60))
        #expect(configuration.websockets)
        #expect(configuration.trustedProxies.isEmpty)
        #expect(configuration.endpoints.chatgpt.text == "https://chatgpt.com/backend-api/codex")
        #expect(configuration.endpoints.openai.text == "https://api.openai.com")
        #expect(configuration.endpoints.oauth.text == "https://auth.openai.com")
        #expect(configuration.trust == Configuration.Trust())
        #expect(configuration.warnings.isEmpty)
        let service = try #require(configuration.services.first)
        #expect(service.tag == "ocm")
        #expect(service.listener.address.text == "127.0.0.1")
        #expect(service.listener.port == 0)
        #expect(service.listener.keepAlive == KeepAlive(idle: .seconds(300), interval: .seconds(75)))
        #expect(service.credentialPath == "/home/alice/.codex/auth.json")
        #expect(service.usagesPath == nil)
        #expect(service.users.isEmpty && service.headers.isEmpty && service.detour == nil && service.tls == nil)
    }

    @Test("limits and timeouts have the defaults of their tables")
    func limitDefaults() throws {
        let configuration = try Samples.read(
            "{ \"services\": [ { \"type\": \"ocm\" } ], \"supervisor\": { \"limits\": {} } }")
        let limits = configuration.limits
        #expect(limits.headBytes == 65_536)
        #expect(limits.headFields == 200)
        #expect(limits.bodyBytes == 134_217_728)
        #expect(limits.replayBody == 8_388_608)
        #expect(limits.buffers == 67_108_864)
        #expect(limits.connections == .halfOfDescriptors)
        #expect(limits.connectionsPerAddress == nil)
        #expect(limits.requestsPerUser == nil)
        #expect(limits.websocketsPerUser == nil)
        #expect(limits.websocketMessage == 134_217_728)
        #expect(limits.h2Streams == 100)
        let timeouts = configuration.timeouts
        #expect(timeouts.head == .seconds(15))
        #expect(timeouts.idle == .seconds(300))
        #expect(timeouts.bodyStall == .seconds(60))
        #expect(timeouts.writeStall == .seconds(60))
        #expect(timeouts.handshake == .seconds(15))
        #expect(timeouts.upstreamConnect == .seconds(10))
        #expect(timeouts.upstreamSilence == .seconds(600))
        #expect(timeouts.websocketPing == .seconds(30))
    }

    @Test("what the file says is what the configuration has")
    func whole() throws {
        let configuration = try Samples.read(Samples.whole)
        #expect(
            configuration.log
                == Configuration.Log(
                    disabled: false, level: .debug, output: .file("/work/ocm.log"), timestamp: false, format: .json))
        let service = try #require(configuration.services.first)
        #expect(service.tag == "codex")
        #expect(service.listener.address.text == "::1")
        #expect(service.listener.port == 8080)
        #expect(service.listener.keepAlive == KeepAlive(idle: .seconds(120), interval: .seconds(30)))
        #expect(service.credentialPath == "/home/alice/login/auth.json")
        #expect(service.usagesPath == "/work/usages.json")
        #expect(service.users.map(\.name) == ["alice", "bob"])
        #expect(service.users.map(\.digest) == [SHA256Digest(of: Samples.token), SHA256Digest(of: "abc")])
        #expect(service.headers.map(\.name) == ["X-Name", "X-List", "X-Gone"])
        #expect(service.headers.map(\.values) == [["value"], ["a", "b"], []])
        #expect(service.detour == nil, "a plain direct outbound is the same as none")
        #expect(configuration.outbounds.map(\.tag) == ["direct", "proxy"])
        #expect(configuration.trust == Configuration.Trust(systemStore: false, files: ["/work/ca.pem"]))
        #expect(configuration.workers == 3)
        #expect(configuration.workerUser == "w")
        #expect(configuration.stateDirectory == "/srv/state")
        #expect(configuration.adminSocket == "/srv/a.sock")
        #expect(configuration.drainTimeout == .seconds(3600))
        #expect(configuration.stopTimeout == nil)
        #expect(!configuration.websockets)
        #expect(configuration.pricingPath == "/work/p.json")
        #expect(configuration.endpoints.chatgpt == BaseURL(isEncrypted: false, host: "localhost", port: 9, path: "/x"))
        #expect(configuration.limits.headBytes == 2048)
        #expect(configuration.limits.connections == .unlimited)
        #expect(configuration.limits.replayBody == 0)
        #expect(configuration.limits.requestsPerUser == 4)
        #expect(configuration.timeouts.head == .milliseconds(1500))
        #expect(configuration.timeouts.idle == nil)
    }

    @Test("services without a tag are named, past the tags that the file gives")
    func tags() throws {
        let configuration = try Samples.read(
            """
            { "services": [ { "type": "ocm" }, { "type": "ocm", "tag": "ocm-2" }, { "type": "other" },
                            { "type": "ocm", "tag": "" }, { "type": "ocm", "tag": "ocm" } ] }
            """)
        #expect(configuration.services.map(\.tag) == ["ocm-3", "ocm-2", "ocm-4", "ocm"])
        #expect(configuration.services.map(\.index) == [0, 1, 3, 4])
    }

    @Test("null is the same as left out, and never lets a user in without a token")
    func null() throws {
        let fields =
            "\"listen\": null, \"listen_port\": null, \"usages_path\": null, \"tls\": null, \"credentials\": null"
        let service = try #require(try Samples.read(Samples.service(fields)).services.first)
        #expect(service.listener == ServiceConfiguration.Listener())
        for user in [
            "null", "{}", "{ \"name\": \"a\" }", "{ \"name\": \"a\", \"token\": null }", "{ \"token\": \"t\" }",
        ] {
            #expect(throws: InvalidConfiguration.self) { try Samples.read(Samples.service("\"users\": [ \(user) ]")) }
        }
    }

    @Test("a service without users is warned about on every address but loopback")
    func openServices() {
        for address in ["0.0.0.0", "::", "192.168.1.1", "2001:db8::1", "::ffff:10.0.0.1"] {
            let paths = Samples.diagnostics(Samples.service("\"listen\": \"\(address)\"")).map(\.path)
            #expect(paths == ["services[0].users"], "\(address)")
        }
        for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", ""] {
            #expect(Samples.diagnostics(Samples.service("\"listen\": \"\(address)\"")).isEmpty, "\(address)")
        }
        let user = "\"users\": [ { \"name\": \"a\", \"token\": \"t\" } ]"
        #expect(Samples.diagnostics(Samples.service("\"listen\": \"::\", \(user)")).isEmpty)
    }

    @Test("what is to come is understood first, and its own faults are told with the refusal")
    func laterFeatures() {
        let found = Samples.diagnostics(
            Samples.service("\"tls\": { \"enabled\": true, \"min_version\": \"2\", \"key\": \"k\" }"))
        #expect(
            found.map(\.path).sorted() == [
                "services[0].tls", "services[0].tls.certificate_path", "services[0].tls.key",
                "services[0].tls.min_version",
            ])
    }

    @Test(
        "headers that belong to the login, the message or the connection can't be set",
        arguments: [
            "Authorization", "CHATGPT-ACCOUNT-ID", "Host", "Content-Length", "Transfer-Encoding", "Connection",
            "Keep-Alive",
            "TE", "Trailer", "Upgrade", "Proxy-Authorization", "Proxy-Connection", "Sec-WebSocket-Key",
            "Accept-Encoding", "",
            "a b", "a:b", "é", "a\\n",
        ])
    func refusedHeaders(_ name: String) {
        let found = Samples.diagnostics(Samples.service("\"headers\": { \"\(name)\": \"\(Samples.token)\" }"))
        #expect(found.count == 1)
        #expect(found.allSatisfy { $0.severity == .error && !$0.text.contains(Samples.token) })
    }

    @Test("what the machine can't say has to stand in the file")
    func nowhereAtHome() throws {
        var surroundings = Samples.alice
        surroundings.variables = [:]
        surroundings.homeOfSelf = { nil }
        let paths = Samples.diagnostics("{ \"services\": [ { \"type\": \"ocm\" } ] }", in: surroundings).map(\.path)
        #expect(paths.sorted() == ["services[0].credential_path", "supervisor.state_directory"])
        let found = Samples.diagnostics(Samples.service("\"credential_path\": \"~/a.json\""), in: surroundings)
        #expect(found.first?.message.contains("no home directory") == true)
        _ = try Samples.read(
            "{ \"services\": [ { \"type\": \"ocm\", \"credential_path\": \"a\" } ], \"supervisor\": { \"state_directory\": \"b\" } }",
            in: surroundings)
    }
}
