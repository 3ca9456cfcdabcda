import ArgumentParser
import OCMTLS

struct Token: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a token for a user.",
        discussion: """
            Prints a new random token, its SHA-256, and the entry for "users" in the configuration. The entry holds the \
            SHA-256 alone, so that the file holds no secret. The token is printed this once and kept nowhere.
            """)

    @Option(help: ArgumentHelp("The name of the user, for the entry.", valueName: "NAME"))
    var name = "NAME"

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        let isName =
            (1...255).contains(name.utf8.count)
            && !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
        guard isName else { throw ValidationError("A name has 1 to 255 bytes and no control characters.") }
    }

    func run() throws {
        let token = RandomToken.make()
        let entry = Entry(name: name, token_sha256: SHA256Digest(of: token).hexadecimal)
        guard !json else {
            let output = Output(token: token, token_sha256: entry.token_sha256, user: entry)
            return try StandardOutput.write(try JSONOutput.text(output) + "\n")
        }
        try StandardOutput.write(
            """
            Token, for the client:
              \(token)

            SHA-256:
              \(entry.token_sha256)

            Entry for "users" in the configuration:
              { "name": \(try JSONOutput.text(name)), "token_sha256": "\(entry.token_sha256)" }

            """)
    }

    private struct Entry: Encodable {
        let name: String
        let token_sha256: String
    }

    private struct Output: Encodable {
        let token: String
        let token_sha256: String
        let user: Entry
    }
}

/// Tokens that nobody guesses.
enum RandomToken {
    private static let characters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

    /// "sk-ocm-" and 43 characters of 62: 256 bits of getrandom(2), which is what the system's generator asks.
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<43).map { _ in characters[Int.random(in: characters.indices, using: &generator)] }
        return "sk-ocm-" + String(secret)
    }
}
