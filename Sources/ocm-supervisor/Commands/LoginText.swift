import OCMEventLoop

/// What `login` and `logout` say. No token is among it.
enum LoginText {
    static func notice(_ notice: SignIn.Notice) -> String {
        switch notice {
        case .replacesKey(let path):
            "The API key in \(path) will be replaced by the login: keep a copy if it is needed.\n\n"
        case .openLink(let link):
            """
            Open this link in a browser on this machine, and sign in:

              \(link)

            A browser on another machine gets here through ssh -L \(CallbackServer.port):\(CallbackServer.address) HOST; \
            without that, use --device.
            Waiting for the browser (Ctrl-C ends it) …

            """
        case .enterCode(let code, let page):
            """
            Open this page in a browser on any machine, and sign in:

              \(page)

            Then enter this code, which is good for \(SignInTime.limit.components.seconds / 60) minutes:

              \(code)

            It is for you alone: whoever gets you to enter a code of theirs gets your login.
            Waiting for the code to be entered (Ctrl-C ends it) …

            """
        case .foreignAnswer:
            "A browser came with the answer to another sign-in, which was refused. Use the link above.\n"
        case .notSavedYet(let path, let problem):
            """
            The sign-in worked, but \(path) can't be written: \(problem).
            The login is kept in memory and written as soon as that is possible, for ten minutes (Ctrl-C gives it up) …

            """
        }
    }

    static func signedIn(_ tokens: Tokens, in path: String) -> String {
        """
        Signed in\(account(tokens)).
        The login is in \(path). An OCM that is running with it takes it up by itself.

        """
    }

    private static func account(_ tokens: Tokens) -> String {
        let email = tokens.claims?.email.map { CredentialStatus.masked($0).printable }
        let plan = tokens.claims?.plan.map { "\($0.printable) plan" }
        let parts = [email, plan].compactMap { $0 }
        return parts.isEmpty ? "" : " as " + parts.joined(separator: ", ")
    }

    static func signedOut(_ outcome: SignOut.Outcome, from path: String) -> String {
        guard outcome.problems.isEmpty, outcome.refusal == nil else { return "" }
        switch outcome.kind {
        case .noFile where outcome.removed.isEmpty: return "Not signed in: there is no \(path).\n"
        case .noLogin where outcome.removed.isEmpty: return "Not signed in: there is no login in \(path).\n"
        case .noFile, .noLogin: return "Signed out: what a refresh had left beside \(path) is removed.\n"
        case .apiKey:
            return
                "Signed out: \(path) is removed. The API key in it is still good: it can be revoked on OpenAI's site.\n"
        case .tokens: return "Signed out: \(path) is removed.\n"
        }
    }

    /// Empty where all went well.
    static func warnings(_ outcome: SignOut.Outcome, _ path: String) -> String {
        var lines: [String] = []
        if let failure = outcome.revocation {
            lines.append(
                "warning: the tokens could not be revoked: \(failure). Whoever has a copy of them can go on using them; "
                    + "ChatGPT's settings have a way to sign out everywhere")
        }
        if let refusal = outcome.refusal {
            lines.append(
                "\(path) is not a login that can be read, so nothing was revoked or removed: \(refusal). Remove it by "
                    + "hand if it is to go")
        }
        for problem in outcome.problems {
            switch problem {
            case .notRemoved(let path, let error): lines.append("\(path) could not be removed: \(error)")
            case .notListed(let directory, let error):
                lines.append("\(directory) can't be listed, so what a refresh may have left there stays: \(error)")
            }
        }
        return lines.map { "ocm-supervisor: \($0)\n" }.joined()
    }
}

extension String {
    /// Without what a terminal would take for an order.
    fileprivate var printable: String {
        String(String.UnicodeScalarView(unicodeScalars.filter { $0.properties.generalCategory != .control }))
    }
}

/// Leaves the loop with a command's exit status.
@EventLoop final class CommandStatus {
    var code: Int32 = 1
    nonisolated init() {}

    nonisolated var value: Int32 { EventLoop.assumeIsolated { code } }
}
