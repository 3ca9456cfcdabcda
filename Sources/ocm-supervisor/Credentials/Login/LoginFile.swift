internal import Glibc
internal import OCMEventLoop

/// auth.json as one signs in to it: written where a person expects it, and found out beforehand whether it can be.
struct LoginFile {
    let file: CredentialFile
    private static let room = 64 << 10
    private static let attempts = 5

    init(path: String) {
        file = CredentialFile(path: path)
    }

    /// Whether a login can be written, by writing as much beside it. Nothing stays.
    func probe() throws(SaveProblem) {
        let target = file.target
        let made = try Self.makeDirectory(of: target)
        defer { if made { unsafe rmdir(CredentialFile.directory(of: target)) } }
        switch CredentialFile(path: target).open() {
        case .success(let opened):
            guard [0, opened.owner].contains(geteuid()) else { throw .foreignOwner(opened.owner) }
            if case .unreadable(let text) = opened.reading { throw .damaged(text) }
        case .failure(.unreadable(let text)): throw .damaged(text)
        case .failure: break
        }
        do throws(SystemError) {
            try Draft(for: target).reserve(Self.room)
        } catch {
            throw SaveProblem(error)
        }
    }

    /// Puts the login into the file: what else is in it, its mode and its owner are kept; a link leads to its target. A
    /// new file is the directory's owner's. It is safe on disk when this returns.
    ///
    /// Signals that end a process wait until it is done, so that none leaves a half-made file behind.
    func save(_ tokens: Tokens) throws(SaveProblem) {
        var (blocked, before) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&blocked)
        for signal in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&blocked, signal) }
        unsafe sigprocmask(SIG_BLOCK, &blocked, &before)
        defer { unsafe sigprocmask(SIG_SETMASK, &before, nil) }
        let target = file.target
        _ = try Self.makeDirectory(of: target)
        for _ in 0..<Self.attempts {
            if try Self.write(tokens, to: target) { return }
        }
        throw .system(call: "rename", text: "the file keeps changing")
    }

    /// Makes the directory, for its owner alone, who is the owner of the one that it is in; says whether there was none.
    @discardableResult
    static func makeDirectory(of target: String) throws(SaveProblem) -> Bool {
        let directory = CredentialFile.directory(of: target)
        var status = stat()
        if unsafe stat(directory, &status) == 0 { return false }
        do throws(SystemError) {
            return try makeDirectory(String(directory.reversed().drop { $0 == "/" }.reversed()))
        } catch {
            throw SaveProblem(error)
        }
    }

    private static func makeDirectory(_ path: String) throws(SystemError) -> Bool {
        let parent = try FileDescriptor(
            "open", unsafe open(CredentialFile.directory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        let name = CredentialFile.name(of: path)
        guard unsafe mkdirat(parent.number, name, 0o700) == 0 else {
            if errno == EEXIST { return false }
            throw SystemError("mkdir")
        }
        let made = try FileDescriptor(
            "open", unsafe openat(parent.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))
        made.giveToOwner(of: parent)
        return true
    }

    /// False where the file has changed meanwhile.
    private static func write(_ tokens: Tokens, to target: String) throws(SaveProblem) -> Bool {
        switch CredentialFile(path: target).open() {
        case .failure(.missing): return try create(target, AuthFile.signedIn(tokens, in: nil))
        case .failure(.unreadable(let text)): throw .damaged(text)
        case .failure: throw .damaged("it can't be opened")
        case .success(let opened):
            if case .unreadable(let text) = opened.reading { throw .damaged(text) }
            return try CredentialFile.replace(target, opened, with: AuthFile.signedIn(tokens, in: text(of: opened)))
        }
    }

    private static func text(of opened: borrowing CredentialFile.Opened) throws(SaveProblem) -> Secret {
        do throws(SystemError) {
            return try CredentialFile.contents(of: opened.descriptor.number, atMost: AuthFile.maximumSize)
        } catch {
            throw SaveProblem(error)
        }
    }

    private static func create(_ target: String, _ text: Secret) throws(SaveProblem) -> Bool {
        do throws(SystemError) {
            var draft = try Draft(for: target)
            try draft.write(text)
            guard try draft.take(target) else { return false }
            try CredentialFile.synchronise(directory: CredentialFile.directory(of: target))
            return true
        } catch {
            throw SaveProblem(error)
        }
    }
}
