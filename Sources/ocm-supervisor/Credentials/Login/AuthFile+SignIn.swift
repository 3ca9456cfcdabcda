/// What signing in makes of auth.json.
extension AuthFile {
    /// `text`, what the file holds, with this login in it: other fields and the formatting survive. Where it is no JSON
    /// object, or an empty one, the text is a new one.
    static func signedIn(_ tokens: Tokens, in text: Secret?) -> Secret {
        let outline = text.flatMap { text in text.withBytes { bytes in try? JSONOutline(bytes) } }
        guard let text, let root = outline?.root, root.kind == .object, !root.members.isEmpty else {
            return newText(tokens)
        }
        var edits = JSONEdits()
        edits.set("auth_mode", in: root, to: Secret("\"chatgpt\""))
        // It would win over the tokens.
        edits.set("OPENAI_API_KEY", in: root, to: Secret("null"))
        if let object = root["tokens"], object.kind == .object, !object.members.isEmpty {
            for (name, literal) in members(tokens) { edits.set(name, in: object, to: literal) }
        } else {
            edits.set("tokens", in: root, to: object(tokens))
        }
        edits.set("last_refresh", in: root, to: lastRefresh(tokens))
        return edits.applied(to: text)
    }

    /// As the Codex CLI writes it: two spaces, no line end after the last brace.
    private static func newText(_ tokens: Tokens) -> Secret {
        joined([
            Secret("{\n  \"auth_mode\": \"chatgpt\",\n  \"OPENAI_API_KEY\": null,\n  \"tokens\": "), object(tokens),
            Secret(",\n  \"last_refresh\": "), lastRefresh(tokens), Secret("\n}"),
        ])
    }

    private static func object(_ tokens: Tokens) -> Secret {
        let lines = members(tokens).enumerated().flatMap { index, member in
            [Secret("\(index > 0 ? "," : "")\n    \"\(member.name)\": "), member.literal]
        }
        return joined([Secret("{")] + lines + [Secret("\n  }")])
    }

    private static func members(_ tokens: Tokens) -> [(name: String, literal: Secret)] {
        [
            ("id_token", tokens.id), ("access_token", tokens.access), ("refresh_token", tokens.refresh),
            ("account_id", tokens.account.map { Secret($0) }),
        ].map { name, value in (name, value.map(JSONString.literal) ?? Secret("null")) }
    }

    private static func lastRefresh(_ tokens: Tokens) -> Secret {
        tokens.lastRefresh.map { JSONString.literal(Secret($0.rfc3339)) } ?? Secret("null")
    }

    private static func joined(_ parts: [Secret]) -> Secret {
        Secret(capacity: parts.reduce(0) { $0 + $1.count }) { output in
            for part in parts {
                part.withBytes { bytes in
                    for index in bytes.indices { output.append(bytes[index]) }
                }
            }
        }
    }
}
