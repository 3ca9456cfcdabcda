extension String {
    /// In double quotes, fit for one line of a terminal: control characters escaped, keys left out, cut after 64
    /// characters.
    var quoted: String {
        let shown = withoutKeys.unicodeScalars
        var text = "\""
        for scalar in shown.prefix(64) {
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case _ where scalar.properties.generalCategory.isUnprintable:
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + (shown.count > 64 ? "…\"" : "\"")
    }

    /// With "sk-…" and "eyJ…" in place of what looks like an API key, a token of ours or a JSON web token, which people
    /// put into the wrong field at times.
    var withoutKeys: String {
        var text = ""
        var rest = self[...]
        var isInWord = false
        while let character = rest.first {
            if !isInWord, let prefix = ["sk-", "eyJ"].first(where: { rest.hasPrefix($0) }) {
                text += "\(prefix)…"
                rest = rest.dropFirst(prefix.count).drop { $0.isLetter || $0.isNumber || "-_.".contains($0) }
            } else {
                text.append(character)
                isInWord = character.isLetter || character.isNumber
                rest.removeFirst()
            }
        }
        return text
    }
}

extension Unicode.GeneralCategory {
    /// Controls, and what changes the direction or the lines of the text around it.
    fileprivate var isUnprintable: Bool {
        switch self {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}
