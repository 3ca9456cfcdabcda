/// The JSON of the token endpoint.
enum OAuthAnswer {
    /// What an answer of this status and body means. `retryAfter`: the value of the field, if there is one.
    static func result(status: Int, body: Span<UInt8>, retryAfter: String?) -> ExchangeResult {
        let root = (try? JSONOutline(body))?.root
        if (200..<300).contains(status), let answer = tokens(root, body) { return .success(answer) }
        let delay = retryAfter.flatMap { Int($0) }.map { Duration.seconds(min(max($0, 0), 86400)) }
        return .failure(RefreshFailure(status: status, code: code(root, body), retryAfter: delay))
    }

    /// nil unless there is an access or a refresh token.
    private static func tokens(_ root: JSONOutline.Node?, _ body: Span<UInt8>) -> RefreshAnswer? {
        let refresh = root?["refresh_token"]
        var answer = RefreshAnswer(
            access: token(root?["access_token"], body), refresh: token(refresh, body),
            id: token(root?["id_token"], body))
        answer.isWhole = answer.refresh != nil || isAbsent(refresh)
        return answer.access == nil && answer.refresh == nil ? nil : answer
    }

    private static func isAbsent(_ value: JSONOutline.Node?) -> Bool {
        guard let value else { return true }
        return value.kind == .null || (value.kind == .string && value.range.count == 2)
    }

    private static func token(_ value: JSONOutline.Node?, _ body: Span<UInt8>) -> Secret? {
        guard let value, value.kind == .string, value.range.count <= AuthFile.maximumToken else { return nil }
        let token = JSONString.secret(body.extracting(value.range))
        return token.isEmpty || !token.isVisibleASCII ? nil : token
    }

    /// `error.code`, `error` or `code`; empty where there is none that looks like one.
    static func code(_ root: JSONOutline.Node?, _ body: Span<UInt8>) -> String {
        for value in [root?["error"]?["code"], root?["error"], root?["code"]] {
            guard let value, value.kind == .string else { continue }
            let code = JSONString.decoded(body.extracting(value.range))
            if !code.isEmpty, isCode(code) { return code }
        }
        return ""
    }

    /// Codes are words: what is anything else does not get into logs. The empty one stands for none.
    static func isCode(_ text: String) -> Bool {
        text.utf8.count <= 64
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                        || "_.-".unicodeScalars.contains(scalar))
            }
    }
}
