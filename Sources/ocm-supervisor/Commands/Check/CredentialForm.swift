import FoundationEssentials
import Glibc
import OCMEventLoop

/// Whether a file is a login, as far as its form tells.
enum CredentialForm: Equatable {
    case usable
    case absent
    case unreadable(String)
    case notJSON
    /// JSON without anything to authenticate with.
    case empty

    private struct Login: Decodable {
        struct Tokens: Decodable {
            let access_token: String?
        }

        let OPENAI_API_KEY: String?
        let tokens: Tokens?
    }

    static func examine(_ path: String) -> CredentialForm {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileContents.read(path, limit: 1 << 20)
        } catch {
            return error.code == ENOENT ? .absent : .unreadable(error.reason)
        }
        guard let login = try? JSONDecoder().decode(Login.self, from: Data(bytes)) else { return .notJSON }
        let secrets = [login.OPENAI_API_KEY, login.tokens?.access_token]
        return secrets.contains { $0?.isEmpty == false } ? .usable : .empty
    }
}
