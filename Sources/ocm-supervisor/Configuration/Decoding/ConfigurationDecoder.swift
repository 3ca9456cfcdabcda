/// Makes a ``Configuration`` of the values of a file, and reports all that is wrong with them.
///
/// Each part is read to its end whatever is wrong with it, with a default in place of what does not fit: the result
/// means something only where no error was reported.
struct ConfigurationDecoder {
    let diagnostics: Diagnostics
    let surroundings: Surroundings

    /// Sections of a sing-box file that say nothing about its OCM services.
    private static let foreignSections = [
        "inbounds", "dns", "route", "endpoints", "ntp", "experimental", "certificate_providers", "http_clients",
    ]

    func configuration(_ root: SourceValue, file: String) -> Configuration? {
        Fields.read(root, diagnostics, as: "a configuration") { fields in
            fields.pass("$schema")
            for name in Self.foreignSections {
                guard let section = fields.value(name) else { continue }
                diagnostics.warning("is a section of sing-box that plays no part here; it is passed over", at: section)
            }
            var configuration = Configuration(
                file: file, services: [], workers: surroundings.processors, stateDirectory: "", adminSocket: "")
            if let log = fields.value("log") { configuration.log = self.log(log) ?? configuration.log }
            if let trust = fields.value("certificate") {
                configuration.trust = self.trust(trust) ?? configuration.trust
            }
            let outbounds = self.outbounds(fields.take("outbounds", .elements) ?? [])
            configuration.outbounds = outbounds.read
            configuration.services = services(&fields, outbounds: outbounds)
            supervisor(fields.value("supervisor"), into: &configuration, root: fields.object)
            refuseTakenUsageFiles(configuration, fields.object)
            return configuration
        }
    }

    /// A path of the file system, made absolute.
    var path: Form<String> {
        Form { value, diagnostics in
            guard let text = Form.text.read(value, diagnostics) else { return nil }
            guard !text.isEmpty else {
                diagnostics.error("is empty; write a path or remove the field", at: value)
                return nil
            }
            guard let path = surroundings.absolute(text) else {
                diagnostics.error(
                    "begins with \"~\", and this user has no home directory; write an absolute path", at: value)
                return nil
            }
            return path
        }
    }

    private func log(_ value: SourceValue) -> Configuration.Log? {
        Fields.read(value, diagnostics, as: "log") { fields in
            var log = Configuration.Log()
            log.disabled = fields.take("disabled", .boolean) ?? false
            if let level = fields.takeText("level") {
                log.level = self.level(level, at: value["level"] ?? value)
            }
            log.timestamp = fields.take("timestamp", .boolean) ?? true
            log.format = fields.take("format", .choice) ?? .text
            log.access = fields.take("access", .boolean) ?? true
            if let output = fields.value("output"), !output.isInert {
                log.output = self.output(output)
            }
            return log
        }
    }

    /// sing-box takes "warning" for "warn" too.
    private func level(_ word: String, at value: SourceValue) -> Configuration.Log.Level {
        word == "warning" ? .warn : Form.choice.read(value, diagnostics) ?? .info
    }

    private func output(_ value: SourceValue) -> Configuration.Log.Output {
        switch value.content {
        case .string("stderr"): return .standardError
        case .string("stdout"): return .standardOutput
        case .string("journal"): return .journal
        default: return path.read(value, diagnostics).map { .file($0) } ?? .unnamed
        }
    }
}
