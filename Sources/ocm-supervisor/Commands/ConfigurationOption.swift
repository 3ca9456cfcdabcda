import ArgumentParser

/// `-c FILE`, and the reading of that file.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp(
            "The configuration file.",
            discussion: "Left out: /etc/ocm/config.json where there is one, else ./config.json.", valueName: "FILE"),
        completion: .file(extensions: ["json"]))
    var file: String?

    var path: String { ConfigurationFile.locate(file) }

    /// Whether one was named, or is where it would be.
    var isThere: Bool { file != nil || FileContents.exists(path) }

    /// The file, read. What is wrong with it goes to standard error, and the command ends with status 78.
    func load() throws -> ConfigurationFile {
        do throws(InvalidConfiguration) {
            return try ConfigurationFile.load(path)
        } catch {
            StandardError.write(report(error.diagnostics))
            throw ExitCode.configuration
        }
    }

    /// The lines of all diagnostics, and how many errors there are where there are some.
    func report(_ diagnostics: [Diagnostic]) -> String {
        let errors = diagnostics.count { $0.severity == .error }
        var lines = diagnostics.map(\.text)
        if errors > 0 {
            lines.append("configuration \(path) is not valid: \(errors) \(errors == 1 ? "error" : "errors")")
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
