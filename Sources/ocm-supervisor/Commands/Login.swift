import ArgumentParser
import OCMEventLoop

struct Login: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign in to OpenAI with a ChatGPT account.",
        discussion: """
            Shows a link to open in a browser, waits on \(CallbackServer.address) for the browser to come back, and writes \
            the login to the service's auth.json as the Codex CLI does: both can use it. With --device the browser may run \
            on any machine: there one enters a code. An OCM that is running takes the new login up by itself.

            What else stands in the file is kept, and so are its owner and mode; a symbolic link leads to its target. \
            Written by root, a new file belongs to the owner of its directory. Nothing is changed before the sign-in has \
            succeeded; Ctrl-C ends it.

            Exit status: 0 signed in, 64 wrong arguments, 78 wrong configuration, 1 anything else.
            """)

    @OptionGroup var place: LoginPlace

    @Flag(help: "Sign in with a code, in a browser on another machine.")
    var device = false

    func run() throws {
        let (path, server) = try place.resolve()
        let isByDevice = device
        let status = CommandStatus()
        EventLoop.run {
            let file = LoginFile(path: path)
            let signIn = SignIn(server: server, file: file) { StandardOutput.tell(LoginText.notice($0)) }
            do throws(LoginFailure) {
                let tokens = isByDevice ? try await signIn.enterCode() : try await signIn.browse()
                status.code = StandardOutput.code(writing: LoginText.signedIn(tokens, in: path))
            } catch {
                StandardError.write("ocm-supervisor: \(error)\n")
            }
        }
        throw ExitCode(status.value)
    }
}
