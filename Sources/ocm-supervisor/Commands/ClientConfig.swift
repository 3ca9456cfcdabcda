import ArgumentParser

struct ClientConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client-config",
        abstract: "Print the configuration of a user's Codex CLI.",
        discussion: """
            Prints the lines for $CODEX_HOME/config.toml (~/.codex/config.toml) on the user's machine, how to try them and \
            how to undo them. The user's token is in the output where the configuration holds it; where it holds the \
            SHA-256 alone, the CLI is told to take the token from the environment variable OCM_TOKEN.
            """)

    @OptionGroup var configuration: ConfigurationOption

    @Option(help: ArgumentHelp("The name of the user; not needed where the service has no users.", valueName: "NAME"))
    var user: String?

    @Option(help: ArgumentHelp("The tag of the service, where there are several.", valueName: "TAG"))
    var service: String?

    @Option(
        help: ArgumentHelp(
            "Where the client reaches this server, such as https://ocm.example.com/v1.",
            discussion:
                "Left out: the address that the service listens on, or this machine's name where it listens on all.",
            valueName: "URL"))
    var baseURL: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let file = try configuration.load()
        let service = try chosenService(file.configuration.services)
        let access = try access(to: service, in: file.document)
        let block = ClientBlock(
            url: try url(of: service), access: access, websockets: file.configuration.websockets, user: user)
        try StandardOutput.write((json ? try JSONOutput.text(block.values) : block.text) + "\n")
    }

    private func chosenService(_ services: [ServiceConfiguration]) throws -> ServiceConfiguration {
        let tags = services.map(\.tag).joined(separator: ", ")
        if let service {
            guard let chosen = services.first(where: { $0.tag == service }) else {
                throw ValidationError("There is no service \(service.quoted); the configuration has \(tags).")
            }
            return chosen
        }
        let serving = services.filter { service in user == nil || service.users.contains { $0.name == user } }
        guard let only = serving.first ?? services.first, serving.count <= 1 else {
            throw ValidationError("Several services fit; choose one with --service: \(tags).")
        }
        return only
    }

    private func access(to service: ServiceConfiguration, in document: SourceValue) throws -> ClientBlock.Access {
        guard !service.users.isEmpty else { return .open }
        let names = service.users.map(\.name).joined(separator: ", ")
        guard let user else { throw ValidationError("Name the user with --user: \(names).") }
        guard let index = service.users.firstIndex(where: { $0.name == user }) else {
            throw ValidationError("There is no user \(user.quoted); service \(service.tag.quoted) has \(names).")
        }
        guard case .string(let token) = document["services"]?[service.index]?["users"]?[index]?["token"]?.content
        else { return .variable }
        return .token(token)
    }

    private func url(of service: ServiceConfiguration) throws -> String {
        if let baseURL {
            guard var url = BaseURL(parsing: baseURL) else {
                throw ValidationError("--base-url is not a URL such as https://ocm.example.com/v1.")
            }
            if url.path.isEmpty { url.path = "/v1" }
            return url.text
        }
        let listener = service.listener
        guard listener.port > 0 else {
            throw ValidationError("The service listens on any free port; say where clients reach it with --base-url.")
        }
        let host = listener.address.isUnspecified ? Surroundings.current.hostName : listener.address.text
        return BaseURL(isEncrypted: service.tls != nil, host: host, port: listener.port, path: "/v1").text
    }
}
