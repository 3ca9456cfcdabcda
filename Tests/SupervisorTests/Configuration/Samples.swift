@testable import ocm_supervisor

/// Configurations for the tests, and machines to read them on.
enum Samples {
    static let token = "sk-ocm-secret-of-alice"

    /// Something of everything.
    static let whole = """
        {
          // everything
          "log": { "level": "debug", "output": "ocm.log", "timestamp": false, "format": "json", },
          "services": [
            { "type": "ocm", "tag": "codex", "listen": "::1", "listen_port": 8080, "reuse_addr": true,
              "disable_tcp_keep_alive": false, "tcp_keep_alive": "2m", "tcp_keep_alive_interval": "30s",
              "credential_path": "~/login/auth.json", "usages_path": "usages.json",
              "users": [
                { "name": "alice", "token": "\(token)" },
                { "name": "bob", "token_sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" } ],
              "headers": { "X-Name": "value", "X-List": ["a", " b "], "X-Gone": [] },
              "detour": "direct", "tls": { "enabled": false } } ],
          "outbounds": [
            { "type": "direct", "tag": "direct" },
            { "type": "socks", "tag": "proxy", "server": "p.example.com", "server_port": 1080, "password": "\(token)" } ],
          "certificate": { "store": "none", "certificate_path": "ca.pem" },
          "supervisor": { "workers": 3, "worker_user": "w", "state_directory": "/srv/state", "admin_socket": "/srv/a.sock",
            "drain_timeout": "1h", "stop_timeout": 0, "websockets": false,
            "pricing_path": "p.json", "endpoints": { "chatgpt": "http://localhost:9/x/" },
            "limits": { "head_bytes": 2048, "connections": 0, "replay_body": 0, "requests_per_user": 4 },
            "timeouts": { "head": "1.5s", "idle": "0s" } }
        }
        """

    /// Alice's machine.
    static let alice = Surroundings(
        variables: ["HOME": "/home/alice"], userID: 1000, workingDirectory: "/work", hostName: "host", processors: 4,
        homeOfUser: { $0 == "carol" ? "/home/carol" : nil }, homeOfSelf: { "/home/alice" })

    static func read(
        _ text: String, in surroundings: Surroundings = alice
    ) throws(InvalidConfiguration) -> Configuration {
        try ConfigurationFile.read(SourceText(file: "config.json", bytes: Array(text.utf8)), in: surroundings)
            .configuration
    }

    /// A file with one service of these fields.
    static func service(_ fields: String) -> String {
        "{ \"services\": [ { \"type\": \"ocm\", \(fields) } ] }"
    }

    /// The errors and warnings of a file, valid or not.
    static func diagnostics(_ text: String, in surroundings: Surroundings = alice) -> [Diagnostic] {
        do throws(InvalidConfiguration) {
            return try read(text, in: surroundings).warnings
        } catch {
            return error.diagnostics
        }
    }
}
