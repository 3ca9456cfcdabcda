internal import Glibc
internal import OCMEventLoop

/// A sign-out: the login's tokens made worthless, and everything removed that holds some.
@EventLoop struct SignOut {
    let server: OAuthServer
    let file: CredentialFile

    struct Outcome {
        /// What was removed; empty where there was no login.
        var removed: [String] = []
        var kind = Kind.nothing
        /// Why a token is still good.
        var revocation: LoginFailure?
        /// Why tokens may still lie there.
        var problems: [Problem] = []

        enum Problem: Equatable {
            case notRemoved(path: String, SystemError)
            /// What else there is of ours could not be seen.
            case notListed(directory: String, SystemError)
        }

        enum Kind: Equatable { case nothing, apiKey, tokens, unreadable }
    }

    /// Revokes first: should this be ended in between, it can be begun anew. Under the lock, so that no refresh is under
    /// way whose tokens would be left over. A link leads to its target: that is where the tokens are; the link stays,
    /// and with it the place where the next login goes.
    func run() async -> Outcome {
        let target = file.target
        let lock = await CredentialLock.wait(for: target)
        var outcome = Outcome()
        let tokens = find(target, &outcome)
        for (token, isRefreshToken) in tokens {
            do throws(LoginFailure) {
                try await server.revoke(token, isRefreshToken: isRefreshToken)
            } catch {
                outcome.revocation = error
            }
        }
        remove(target, &outcome)
        _ = consume lock
        return outcome
    }

    private func find(_ target: String, _ outcome: inout Outcome) -> [(token: Secret, isRefreshToken: Bool)] {
        var found: [(token: Secret, isRefreshToken: Bool)] = []
        switch CredentialFile(path: target).read() {
        case .missing: break
        case .damaged, .unreadable: outcome.kind = .unreadable
        case .file(let file):
            switch file.login {
            case .apiKey: outcome.kind = .apiKey
            case .none: break
            case .chatGPT(let tokens):
                outcome.kind = .tokens
                if let refresh = tokens.refresh {
                    found.append((refresh, true))
                } else if let access = tokens.access {
                    found.append((access, false))
                }
            }
        }
        // What an interrupted refresh has brought is the successor of what the file holds. That it can't be listed comes
        // out when it is to be removed.
        for path in (try? RecoveryCopy.paths(for: target)) ?? [] {
            guard case .answer(_, let raw, _) = RecoveryCopy.read(path),
                case .success(let answer)? = OAuthResponse.result(of: raw), let refresh = answer.refresh
            else { continue }
            found.append((refresh, true))
        }
        return found
    }

    private func remove(_ target: String, _ outcome: inout Outcome) {
        let directory = CredentialFile.directory(of: target)
        var paths = [target]
        do throws(SystemError) {
            // Whatever of ours may hold tokens.
            paths += try RecoveryCopy.paths(for: target) + CredentialFile.unfinished(for: target)
        } catch {
            outcome.problems.append(.notListed(directory: directory, error))
        }
        for path in paths {
            do throws(SystemError) {
                if try Self.remove(path) { outcome.removed.append(path) }
            } catch {
                outcome.problems.append(.notRemoved(path: path, error))
            }
        }
        if !outcome.removed.isEmpty { try? CredentialFile.synchronise(directory: directory) }
    }

    /// False where there is nothing of that name.
    private static func remove(_ path: String) throws(SystemError) -> Bool {
        if unsafe unlink(path) == 0 { return true }
        switch errno {
        case ENOENT, ENOTDIR: return false
        case EBUSY:
            try empty(path)
            return true
        default: throw SystemError("unlink")
        }
    }

    /// A file that is mounted by itself, as containers like to, can't be removed: it says that there is no login.
    private static func empty(_ path: String) throws(SystemError) {
        let descriptor = try FileDescriptor("open", unsafe open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW))
        let text = Secret("{}")
        let number = descriptor.number
        try text.withBytes { bytes throws(SystemError) in try FileDescriptor.writeAll(bytes, to: number) }
        guard ftruncate(number, off_t(text.count)) == 0 else { throw SystemError("ftruncate") }
        guard fsync(number) == 0 else { throw SystemError("fsync") }
    }
}
