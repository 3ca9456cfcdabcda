import ArgumentParser
import Glibc
import OCMTLS

/// Which login is meant: the options that say so, and what they lead to.
struct LoginPlace: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp(
            "The configuration file.",
            discussion: """
                Left out: /etc/ocm/config.json where there is one, else ./config.json, else none: then the login is \
                $CODEX_HOME/auth.json or ~/.codex/auth.json, where the Codex CLI keeps its own.
                """, valueName: "FILE"),
        completion: .file(extensions: ["json"]))
    var config: String?

    @Option(help: ArgumentHelp("The tag of the service, where services have different logins.", valueName: "TAG"))
    var service: String?

    /// Absolute path of the login, and the server that it is from.
    func resolve() throws -> (path: String, server: OAuthServer) {
        var path: String?
        var issuer = Configuration.Endpoints().oauth
        var trust = Configuration.Trust()
        let located = ConfigurationFile.locate(config)
        if config != nil || FileContents.exists(located) {
            var option = ConfigurationOption()
            option.file = located
            let configuration = try option.load().configuration
            path = try chosen(configuration.services).credentialPath
            issuer = configuration.endpoints.oauth
            trust = configuration.trust
        } else if let service {
            throw ValidationError("There is no configuration with a service \(service.quoted); name one with -c FILE.")
        }
        guard let path = path ?? Surroundings.current.credentialPath else {
            throw ValidationError("There is no home directory; name a configuration with -c FILE.")
        }
        let override = unsafe getenv(OAuthServer.revocationVariable).map { unsafe String(cString: $0) }
        guard let server = OAuthServer(issuer: issuer, trust: trust.sources, revocationOverride: override) else {
            throw ValidationError("\(OAuthServer.revocationVariable) is not a URL.")
        }
        return (path, server)
    }

    private func chosen(_ services: [ServiceConfiguration]) throws -> ServiceConfiguration {
        let list = services.map { "  \($0.tag.quoted): \($0.credentialPath)" }.joined(separator: "\n")
        if let service {
            guard let chosen = services.first(where: { $0.tag == service }) else {
                throw ValidationError("There is no service \(service.quoted); the configuration has\n\(list)")
            }
            return chosen
        }
        let targets = Set(services.map { CredentialFile(path: $0.credentialPath).target })
        guard let first = services.first, targets.count == 1 else {
            throw ValidationError("The services have different logins; choose one with --service TAG:\n\(list)")
        }
        return first
    }
}
