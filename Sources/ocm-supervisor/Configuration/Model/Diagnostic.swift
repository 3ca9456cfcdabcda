/// What is wrong, or probably not meant, at one place of a configuration file. Never contains a secret.
struct Diagnostic: Equatable, Sendable {
    enum Severity: String, Sendable {
        case error, warning
    }

    var severity: Severity
    /// The file as it was named on the command line.
    var file: String
    /// From 1; 0 where the file as a whole is meant.
    var line: Int
    /// From 1, in characters; given for the syntax alone, where a line says too little.
    var column: Int?
    /// "services[0].users[1].token"; empty for the file as a whole.
    var path: String
    /// What is wrong, a semicolon, what would be right.
    var message: String

    /// One line: `config.json:7: error: services[0].listen_port: …`.
    var text: String {
        var place = file
        if line > 0 { place += ":\(line)" }
        if let column { place += ":\(column)" }
        let subject = path.isEmpty ? "" : "\(path): "
        return "\(place): \(severity.rawValue): \(subject)\(message)"
    }
}
