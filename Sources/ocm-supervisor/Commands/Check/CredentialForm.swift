import Glibc
import OCMEventLoop

/// Whether a file is a login, as far as its form tells.
enum CredentialForm: Equatable {
    case usable
    case absent
    case unreadable(String)
    case damaged(String)
    /// Well-formed, but without anything to authenticate with.
    case loggedOut

    static func examine(_ path: String) -> CredentialForm {
        do throws(SystemError) {
            return examine(try FileContents.read(path, limit: AuthFile.maximumSize))
        } catch {
            return error.code == ENOENT ? .absent : .unreadable(error.reason)
        }
    }

    private static func examine(_ bytes: [UInt8]) -> CredentialForm {
        let file: AuthFile
        do throws(AuthFile.Fault) {
            file = try AuthFile(Secret(bytes.span))
        } catch {
            return .damaged("\(error)")
        }
        switch file.login {
        case .none: return .loggedOut
        case .apiKey, .chatGPT: return .usable
        }
    }
}
