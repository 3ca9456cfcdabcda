/// What the Codex CLI has to be told to use a service.
struct ClientBlock {
    /// How a client shows who it is.
    enum Access {
        case open
        case token(String)
        /// The token is not known here: the client takes it from OCM_TOKEN.
        case variable
    }

    let url: String
    let access: Access
    let websockets: Bool
    let user: String?

    /// Lines of TOML, everything else as comments, so that the whole can be a config.toml.
    var text: String {
        let owner = user.map { " of \($0)" } ?? ""
        var lines = ["# Codex CLI\(owner) on this server: into $CODEX_HOME/config.toml (~/.codex/config.toml)."]
        lines += ["# This line goes to the top, before the first [table]:", "model_provider = \"ocm\"", ""]
        lines += ["# These go to the end:", "[model_providers.ocm]"] + provider.map { "\($0.key) = \($0.value)" }
        lines += ["", "# To try it:"]
        if case .variable = access {
            lines.append(
                "#   export OCM_TOKEN=…   (what `ocm-supervisor token` printed; the server has its SHA-256 alone)"
            )
        }
        lines.append("#   codex exec --skip-git-repo-check \"say hi\"")
        lines.append("# To undo it: remove these lines, and \"model_provider\" names what it named before.")
        return lines.joined(separator: "\n")
    }

    /// The fields of the provider, their values in TOML. The name "OpenAI" would make the CLI compress what it sends.
    private var provider: [(key: String, value: String)] {
        var fields = [("name", "\"OCM\""), ("base_url", Self.toml(url)), ("wire_api", "\"responses\"")]
        switch access {
        case .open: break
        case .token(let token): fields.append(("experimental_bearer_token", Self.toml(token)))
        case .variable: fields.append(("env_key", "\"OCM_TOKEN\""))
        }
        return fields + [("supports_websockets", "\(websockets)")]
    }

    /// A basic string of TOML. Neither URLs nor tokens have control characters.
    private static func toml(_ text: String) -> String {
        "\"\(text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }.map { String($0) }.joined())\""
    }

    var values: Values {
        var (token, variable): (String?, String?)
        switch access {
        case .open: break
        case .token(let secret): token = secret
        case .variable: variable = "OCM_TOKEN"
        }
        return Values(
            base_url: url, experimental_bearer_token: token, env_key: variable, supports_websockets: websockets,
            config_toml: text)
    }

    struct Values: Encodable {
        let name = "OCM"
        let base_url: String
        let wire_api = "responses"
        let experimental_bearer_token: String?
        let env_key: String?
        let supports_websockets: Bool
        let config_toml: String
    }
}
