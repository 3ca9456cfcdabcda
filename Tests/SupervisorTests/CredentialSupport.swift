import Glibc
import Testing

@testable import ocm_supervisor

extension Secret {
    var text: String {
        withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
    }
}

/// Base64url without padding, written apart from the code under test.
func base64URL(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    let bytes = Array(text.utf8)
    var result = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let number = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
        for place in 0...group.count { result.append(alphabet[number >> (18 - 6 * place) & 63]) }
    }
    return result
}

/// A JWT with the claims of OpenAI's, `serial` making it one of its own.
func makeToken(
    serial: Int, issued: Timestamp?, expiry: Timestamp?, account: String = "account-1",
    email: String = "owner@example.org"
) -> String {
    var claims = ["\"serial\":\(serial)", "\"email\":\"\(email)\""]
    if let issued { claims.append("\"iat\":\(issued.seconds)") }
    if let expiry { claims.append("\"exp\":\(expiry.seconds)") }
    claims.append(
        "\"https://api.openai.com/auth\":{\"chatgpt_account_id\":\"\(account)\",\"chatgpt_plan_type\":\"pro\"}")
    return base64URL("{\"alg\":\"RS256\"}") + "." + base64URL("{" + claims.joined(separator: ",") + "}") + ".c2ln"
}

func makeFile(
    access: String?, refresh: String?, account: String? = "account-1", lastRefresh: Timestamp? = nil
) -> String {
    var tokens: [String] = []
    if let access { tokens.append("    \"access_token\": \"\(access)\"") }
    if let refresh { tokens.append("    \"refresh_token\": \"\(refresh)\"") }
    if let account { tokens.append("    \"account_id\": \"\(account)\"") }
    let time = lastRefresh.map { ",\n  \"last_refresh\": \"\($0.rfc3339)\"" } ?? ""
    return "{\n  \"OPENAI_API_KEY\": null,\n  \"tokens\": {\n" + tokens.joined(separator: ",\n") + "\n  }\(time)\n}"
}

func reading(_ text: String?) -> FileReading {
    guard let text else { return .missing }
    do throws(AuthFile.Fault) {
        return .file(try AuthFile(Secret(text)))
    } catch {
        return .damaged(error)
    }
}

/// The built program, beside the tests.
enum SupervisorProgram {
    static var path: String {
        get throws {
            let tests = try #require(realPath("/proc/self/exe"))
            // The runner is a helper of the toolchain; the bundle that it has loaded is in the build folder.
            let arguments = CommandLine.arguments + [tests]
            for argument in arguments {
                guard let slash = argument.lastIndex(of: "/") else { continue }
                let candidate = argument[..<slash] + "/ocm-supervisor"
                if access(String(candidate), X_OK) == 0 { return String(candidate) }
            }
            return try #require(nil as String?, "ocm-supervisor is not built")
        }
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
