import Glibc
import OCMEventLoop

/// Examines what a valid configuration names on this machine: files, directories, accounts.
struct NamedFiles {
    let file: ConfigurationFile

    var diagnostics: [Diagnostic] {
        let found = Diagnostics(file.source)
        let configuration = file.configuration
        for service in configuration.services {
            guard let place = file.document["services"]?[service.index] else { continue }
            examineCredential(service, place, found)
            if let path = service.usagesPath, let value = place["usages_path"] { examineUsageFile(path, value, found) }
        }
        examineTrust(found)
        if case .file(let path) = configuration.log.output, let value = file.document["log"]?["output"] {
            examineWritable(path, value, found)
        }
        let supervisor = file.document["supervisor"]
        if configuration.namesAdminSocket, let value = supervisor?["admin_socket"] {
            examineWritable(configuration.adminSocket, value, found)
        }
        if let path = configuration.pricingPath, let value = supervisor?["pricing_path"] {
            examinePrices(path, value, found)
        }
        if let user = configuration.workerUser, let value = supervisor?["worker_user"], unsafe getpwnam(user) == nil {
            found.error("there is no user \(user.quoted) on this machine; create it or name another", at: value)
        }
        examineSecrecy(found)
        return found.all
    }

    /// A login that is not there yet is no error unless the file names its place: the service waits for it.
    private func examineCredential(_ service: ServiceConfiguration, _ place: SourceValue, _ found: Diagnostics) {
        let file = service.credentialPath
        let value = place["credential_path"].flatMap { $0.isInert ? nil : $0 }
        let offset = value?.offset ?? place.offset
        let path = SourcePath.member(place.path, "credential_path")
        switch CredentialForm.examine(file) {
        case .usable:
            break
        case .absent where value == nil:
            found.warning(Self.absent(file), at: offset, path: path)
        case .absent:
            found.error(Self.absent(file), at: offset, path: path)
        case .unreadable(let reason):
            found.error("\(file) can't be read (\(reason)); make it readable for this user", at: offset, path: path)
        case .damaged(let fault):
            let message = "\(file) can't be used: \(fault); sign in again with `ocm-supervisor login`"
            found.error(message, at: offset, path: path)
        case .loggedOut:
            let message = "\(file) has neither a token nor an API key; sign in with `ocm-supervisor login`"
            found.error(message, at: offset, path: path)
        }
    }

    private static func absent(_ file: String) -> String {
        "there is no login at \(file); sign in with `ocm-supervisor login`, until then requests are answered 503"
    }

    private func examineTrust(_ found: Diagnostics) {
        guard let section = file.document["certificate"] else { return }
        let trust = file.configuration.trust
        for (name, paths) in [("certificate_path", trust.files), ("certificate_directory_path", trust.directories)] {
            guard let value = section[name] else { continue }
            for (index, path) in paths.enumerated() {
                let reason = name == "certificate_path" ? CertificateFile.problem(path) : Directory.problem(path)
                guard let reason else { continue }
                found.error("\(path) \(reason)", at: value[index] ?? value)
            }
        }
    }

    private func examinePrices(_ path: String, _ value: SourceValue, _ found: Diagnostics) {
        do throws(FileContents.Unreadable) {
            let bytes = try FileContents.readRegular(path, limit: SourceReader.maximumSize + 1)
            for problem in PriceFile.problems(SourceText(file: path, bytes: bytes)) { found.error(problem, at: value) }
        } catch {
            found.error("\(path) can't be read (\(error.reason)); name a readable file", at: value)
        }
    }

    private func examineUsageFile(_ path: String, _ value: SourceValue, _ found: Diagnostics) {
        let target = LinkTarget.of(path)
        var status = stat()
        if unsafe stat(target, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) {
            found.error("\(target) is no regular file; name a file that can be replaced", at: value)
        } else {
            examineWritable(target, value, found)
        }
    }

    /// A file that is written by replacing it, which takes the right to write in its directory.
    private func examineWritable(_ path: String, _ value: SourceValue, _ found: Diagnostics) {
        let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        if unsafe access(directory, W_OK | X_OK) != 0 {
            let reason = SystemError("access").reason
            found.error("\(directory) can't be written to (\(reason)); create it, or name a file elsewhere", at: value)
        } else if Directory.problem(path) == nil {
            found.error("\(path) is a directory; name a file", at: value)
        }
    }

    /// Tokens in the clear are nobody else's to read.
    private func examineSecrecy(_ found: Diagnostics) {
        guard case .array(let services) = file.document["services"]?.content else { return }
        let token = services.lazy.compactMap { service in
            guard case .array(let users) = service["users"]?.content else { return nil as SourceValue? }
            return users.lazy.compactMap { $0["token"] }.first
        }.first
        var status = stat()
        guard let token, unsafe stat(file.configuration.file, &status) == 0, status.st_mode & 0o004 != 0 else { return }
        found.warning(
            "every user of this machine can read the tokens; chmod 640 the file, or use token_sha256", at: token)
    }
}
