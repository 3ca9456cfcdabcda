internal import OCMHTTP

/// What the browser shows when it comes back: text alone, nothing that is loaded, nothing that is kept.
struct CallbackPage {
    var status = 200
    let title: String
    let text: String

    static let signedIn = CallbackPage(title: "Signed in", text: "OCM has the login. You can close this page.")
    static let unsaved = CallbackPage(
        title: "Not finished", text: "The sign-in worked, but the login could not be saved. See the terminal.")
    static let foreign = CallbackPage(
        status: 400, title: "Not this sign-in",
        text: "This answer belongs to another sign-in. Use the link that the terminal shows now.")
    static let malformed = CallbackPage(status: 400, title: "Not understood", text: "This is no answer to a sign-in.")
    static let elsewhere = CallbackPage(
        status: 404, title: "Nothing here", text: "Use the link that the terminal shows.")
    static let wrongMethod = CallbackPage(status: 405, title: "Not understood", text: "Only GET is answered here.")

    static func failed(_ failure: LoginFailure) -> CallbackPage {
        // Where the file is, and what is the matter with it, is the terminal's.
        if case .notSaved = failure { return unsaved }
        return CallbackPage(
            title: "Not signed in", text: "\(failure)".prefix(1).uppercased() + "\(failure).".dropFirst())
    }

    /// The whole answer, after which the connection ends.
    var answer: [UInt8] {
        let body = Array(document.utf8)
        var answer: [UInt8] = []
        HeadWriter.statusLine(status, into: &answer)
        HeadWriter.field("content-type", "text/html; charset=utf-8", into: &answer)
        HeadWriter.field("content-length", UInt64(body.count), into: &answer)
        HeadWriter.field("cache-control", "no-store", into: &answer)
        HeadWriter.field("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'", into: &answer)
        HeadWriter.field("referrer-policy", "no-referrer", into: &answer)
        HeadWriter.field("x-content-type-options", "nosniff", into: &answer)
        HeadWriter.field("connection", "close", into: &answer)
        HeadWriter.end(into: &answer)
        return answer + body
    }

    private var document: String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="color-scheme" content="light dark">
        <title>\(title.escapedForHTML)</title>
        <body style="font: 1.1em/1.5 system-ui, sans-serif; max-width: 36em; margin: 15vh auto; padding: 0 1em">
        <h1>\(title.escapedForHTML)</h1>
        <p>\(text.escapedForHTML)</p>

        """
    }
}

extension String {
    fileprivate var escapedForHTML: String {
        reduce(into: "") { text, character in
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            default: text.append(character)
            }
        }
    }
}
