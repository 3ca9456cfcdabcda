/// What `check --json` prints.
struct CheckReport: Encodable {
    struct Finding: Encodable {
        let line: Int
        let path: String
        let message: String
    }

    struct Service: Encodable {
        let tag: String
        let listen: String
        let listen_port: UInt16
        let users: Int
        let credential_path: String
        let usages_path: String?
    }

    let file: String
    let valid: Bool
    let errors: [Finding]
    let warnings: [Finding]
    let services: [Service]
    let workers: Int?
    let state_directory: String?
    let admin_socket: String?

    init(file: String, diagnostics: [Diagnostic], configuration: Configuration?) {
        func findings(_ severity: Diagnostic.Severity) -> [Finding] {
            diagnostics.filter { $0.severity == severity }
                .map { Finding(line: $0.line, path: $0.path, message: $0.message) }
        }
        self.file = file
        errors = findings(.error)
        warnings = findings(.warning)
        valid = errors.isEmpty
        services = (configuration?.services ?? []).map { service in
            Service(
                tag: service.tag, listen: service.listener.address.text, listen_port: service.listener.port,
                users: service.users.count, credential_path: service.credentialPath, usages_path: service.usagesPath)
        }
        workers = configuration?.workers
        state_directory = configuration?.stateDirectory
        admin_socket = configuration?.adminSocket
    }
}
