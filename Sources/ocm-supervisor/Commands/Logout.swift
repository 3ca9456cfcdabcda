import ArgumentParser
import OCMEventLoop

struct Logout: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign out: revoke the login's tokens and remove its file.",
        discussion: """
            Tells OpenAI that the tokens in the service's auth.json are not good any more, and removes the file, whether \
            or not OpenAI could be told. Everything that uses the file is signed out: an OCM that is running answers 503 \
            from then on, and the Codex CLI of that account asks to sign in. An API key is removed, not revoked.

            Where the path is a symbolic link, the file that it leads to is removed, which is where the tokens are, and the \
            link stays: the next login goes to the same place. What is no login stays where it is.

            Exit status: 0 signed out or not signed in, 1 where a token could not be revoked, a file not be removed, or what \
            stands at the path is no login, 64 wrong arguments, 78 wrong configuration.
            """)

    @OptionGroup var place: LoginPlace

    func run() throws {
        let (path, server) = try place.resolve()
        let status = CommandStatus()
        EventLoop.run {
            let outcome = await SignOut(server: server, file: CredentialFile(path: path)).run()
            let code = StandardOutput.code(writing: LoginText.signedOut(outcome, from: path))
            let warnings = LoginText.warnings(outcome, path)
            StandardError.write(warnings)
            status.code = warnings.isEmpty ? code : 1
        }
        throw ExitCode(status.value)
    }
}
