import OCMEventLoop

/// A configuration file that was read: what it says, and its values with their places.
struct ConfigurationFile {
    let configuration: Configuration
    /// The file's own values, for what the configuration does not keep: tokens, and the places of paths.
    let document: SourceValue
    let source: SourceText

    /// The file of `-c`, else /etc/ocm/config.json, else config.json in the working directory.
    static func locate(_ given: String?) -> String {
        given ?? (FileContents.exists("/etc/ocm/config.json") ? "/etc/ocm/config.json" : "./config.json")
    }

    static func load(
        _ file: String, in surroundings: Surroundings = .current
    ) throws(InvalidConfiguration) -> ConfigurationFile {
        let bytes: [UInt8]
        do {
            bytes = try FileContents.readRegular(file, limit: SourceReader.maximumSize + 1)
        } catch {
            throw InvalidConfiguration(
                file, "can't be read (\(error.reason)); name a readable configuration with -c FILE")
        }
        return try read(SourceText(file: file, bytes: bytes), in: surroundings)
    }

    /// Reads the text of a file.
    static func read(
        _ source: SourceText, in surroundings: Surroundings
    ) throws(InvalidConfiguration) -> ConfigurationFile {
        let document: SourceValue
        do {
            document = try SourceReader.read(source)
        } catch {
            throw InvalidConfiguration(source, error)
        }
        let diagnostics = Diagnostics(source)
        let decoder = ConfigurationDecoder(diagnostics: diagnostics, surroundings: surroundings)
        let path = surroundings.absolute(source.file) ?? source.file
        let read = decoder.configuration(document, file: path)
        guard var configuration = read, !diagnostics.hasErrors else { throw InvalidConfiguration(diagnostics.all) }
        configuration.warnings = diagnostics.all
        return ConfigurationFile(configuration: configuration, document: document, source: source)
    }
}

/// A file that can't be used: all that is wrong with it, and its warnings, in the order of the file.
struct InvalidConfiguration: Error, Equatable {
    let diagnostics: [Diagnostic]

    init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    fileprivate init(_ file: String, _ message: String) {
        diagnostics = [Diagnostic(severity: .error, file: file, line: 0, path: "", message: message)]
    }

    fileprivate init(_ source: SourceText, _ error: SourceError) {
        diagnostics = [
            Diagnostic(
                severity: .error, file: source.file, line: source.line(of: error.offset),
                column: source.column(of: error.offset), path: error.path.text, message: error.message)
        ]
    }
}
