extension ConfigurationDecoder {
    /// A usage file is written by replacing it, and so are others beside it: none of them may be what something else is
    /// kept in, however the two paths are written.
    func refuseTakenUsageFiles(_ configuration: Configuration, _ root: SourceValue) {
        let files: [UsageFilePlace] = configuration.services.compactMap { service in
            guard let path = service.usagesPath, let value = root["services"]?[service.index]?["usages_path"] else {
                return nil
            }
            return UsageFilePlace(target: LinkTarget.of(path), value: value)
        }
        guard !files.isEmpty else { return }
        let taken = takenFiles(configuration, root)
        for file in files {
            if refuseLongName(file) { continue }
            if let (path, owner) = file.besides.lazy.compactMap({ path in taken[path].map { (path, $0) } }).first {
                refuse(file, path, owner)
            } else if let other = files.first(where: { $0.target != file.target && $0.besides.contains(file.target) }) {
                diagnostics.error(
                    "\(file.target) is written beside the usage file of \(other.service); "
                        + "name another file, or the same one",
                    at: file.value)
            }
        }
    }

    private func refuse(_ file: UsageFilePlace, _ path: String, _ owner: String) {
        let reason = path == file.target ? "is \(owner)" : "is written beside the usage file, and is \(owner)"
        diagnostics.error("\(path) \(reason); name a file of its own", at: file.value)
    }

    /// The names of the files beside it are longer, and a file system takes 255 bytes.
    private func refuseLongName(_ file: UsageFilePlace) -> Bool {
        let length = CredentialFile.name(of: file.target).utf8.count
        let most = 255 - LedgerFile.longestSuffix
        guard length > most else { return false }
        diagnostics.error(
            "names a file of \(length) bytes, and the files beside it have longer names; "
                + "choose a name of at most \(most) bytes", at: file.value)
        return true
    }

    /// What else the configuration names, by where it leads.
    private func takenFiles(_ configuration: Configuration, _ root: SourceValue) -> [String: String] {
        var taken: [String: String] = [:]
        func take(_ path: String?, _ owner: String) {
            if let path, !path.isEmpty { taken[LinkTarget.of(path)] = owner }
        }
        func take(_ source: PEMSource?, _ owner: String) {
            if case .file(let path) = source { take(path, owner) }
        }
        for path in configuration.trust.files { take(path, "a trusted certificate") }
        for service in configuration.services {
            let name = root["services"]?[service.index]?.path.text ?? service.tag
            take(service.tls?.certificate, "the certificate of \(name)")
            take(service.tls?.key, "the key of \(name)")
            for source in service.tls?.clientCertificates ?? [] { take(source, "a client certificate of \(name)") }
        }
        take(configuration.pricingPath, "the price table")
        if case .file(let path) = configuration.log.output { take(path, "the log") }
        take(configuration.adminSocket, "the admin socket")
        for service in configuration.services {
            take(service.credentialPath, "the login of \(root["services"]?[service.index]?.path.text ?? service.tag)")
        }
        take(configuration.file, "this configuration")
        return taken
    }
}

/// Where a service's usage file is, and what says so.
private struct UsageFilePlace {
    /// Behind all symbolic links.
    let target: String
    let value: SourceValue

    /// The file itself and what is written beside it.
    var besides: [String] { LedgerFile.written.map { target + $0.suffix } }

    var service: String {
        if case .member(let service, _) = value.path { service.text } else { value.path.text }
    }
}
