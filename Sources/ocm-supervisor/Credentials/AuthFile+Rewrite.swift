/// The rewrite: values are replaced where they stand, so that every other byte survives, be it a field of a later
/// version, a convention of formatting or a line end.
extension AuthFile {
    /// The text with `tokens` in it and `last_refresh` set to theirs. Values that stay the same keep their bytes;
    /// members that are missing come after the last one of their object, laid out like it.
    func text(with tokens: Tokens) -> Secret {
        guard case .chatGPT(let old) = login, let object = outline.root["tokens"] else { return text }
        var edits = JSONEdits()
        let renewed = [
            ("id_token", old.id, tokens.id), ("access_token", old.access, tokens.access),
            ("refresh_token", old.refresh, tokens.refresh),
        ]
        for (name, before, after) in renewed {
            guard let after, !Tokens.match(before, after) else { continue }
            edits.set(name, in: object, to: JSONString.literal(after))
        }
        if let time = tokens.lastRefresh, time != old.lastRefresh {
            edits.set("last_refresh", in: outline.root, to: JSONString.literal(Secret(time.rfc3339)))
        }
        return edits.applied(to: text)
    }
}
