internal import Glibc
internal import OCMEventLoop

/// A sign-out: the login's tokens made worthless, and everything removed that holds some.
@EventLoop struct SignOut {
    let server: OAuthServer
    let file: CredentialFile

    struct Outcome {
        /// Why the path was left alone, and all that lies beside it: what stands there is no login.
        var refusal: String?
        /// What was removed; empty where there was no login.
        var removed: [String] = []
        var kind = Kind.noFile
        /// Why a token is still good.
        var revocation: LoginFailure?
        /// Why tokens may still lie there.
        var problems: [Problem] = []

        enum Problem: Equatable {
            case notRemoved(path: String, SystemError)
            /// What else there is of ours could not be seen.
            case notListed(directory: String, SystemError)
        }

        enum Kind: Equatable { case noFile, noLogin, apiKey, tokens }
    }

    /// What stands at the path is no login, and is not thrown away for one.
    private struct Refused: Error {
        let reason: String
    }

    /// Revokes first: should this be ended in between, it can be begun anew. Under the lock, so that no refresh is under
    /// way whose tokens would be left over. A link leads to its target: that is where the tokens are; the link stays,
    /// and with it the place where the next login goes.
    func run() async -> Outcome {
        let target = file.target
        var outcome = Outcome()
        do throws(Refused) {
            // Twice: beside what is no login there is no lock either.
            _ = try Self.look(target)
            let lock = await CredentialLock.wait(for: target)
            let login = try Self.look(target)
            outcome.kind = Self.kind(of: login)
            await revoke(Self.tokens(of: login) + Self.leftTokens(beside: target), &outcome)
            remove(target, &outcome)
            _ = consume lock
        } catch {
            outcome.refusal = error.reason
        }
        return outcome
    }

    /// nil where there is no file.
    private static func look(_ target: String) throws(Refused) -> AuthFile.Login? {
        switch CredentialFile(path: target).read() {
        case .missing: return nil
        case .file(let file): return file.login
        case .damaged(let fault): throw Refused(reason: fault.description)
        case .unreadable(let text): throw Refused(reason: text)
        }
    }

    private static func kind(of login: AuthFile.Login?) -> Outcome.Kind {
        switch login {
        case nil: .noFile
        case .some(.none): .noLogin
        case .apiKey: .apiKey
        case .chatGPT: .tokens
        }
    }

    private typealias Token = (token: Secret, isRefreshToken: Bool)

    private func revoke(_ tokens: [Token], _ outcome: inout Outcome) async {
        for (token, isRefreshToken) in tokens {
            do throws(LoginFailure) {
                try await server.revoke(token, isRefreshToken: isRefreshToken)
            } catch {
                outcome.revocation = error
            }
        }
    }

    private static func tokens(of login: AuthFile.Login?) -> [Token] {
        guard case .chatGPT(let tokens) = login else { return [] }
        if let refresh = tokens.refresh { return [(refresh, true)] }
        return tokens.access.map { [($0, false)] } ?? []
    }

    /// What an interrupted refresh has brought is the successor of what the file holds. That it can't be listed comes out
    /// when it is to be removed.
    private static func leftTokens(beside target: String) -> [Token] {
        var found: [Token] = []
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
        var paths = outcome.kind == .apiKey || outcome.kind == .tokens ? [target] : []
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
