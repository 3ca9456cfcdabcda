/// Which names belong to a family, as the reference's table writes it: `^gpt-5\.4(?:$|-)`.
///
/// The table uses three forms of regular expression and no others: a name and what follows it after a dash
/// (`^NAME(?:$|-)`), a name alone (`^NAME$`), and one of several names (`^(?:NAME|NAME)(?:$|-)`).
struct ModelPattern: Equatable, Sendable {
    private var names: [String]
    /// Whether a dash and anything may follow the name.
    private var admitsSuffix: Bool

    /// Nil for an expression of another form.
    init?(_ expression: String) {
        var rest = Substring(expression)
        guard rest.removePrefix("^") else { return nil }
        if rest.removeSuffix("(?:$|-)") {
            admitsSuffix = true
        } else if rest.removeSuffix("$") {
            admitsSuffix = false
        } else {
            return nil
        }
        var alternatives = [rest]
        if rest.removePrefix("(?:") {
            guard rest.removeSuffix(")") else { return nil }
            alternatives = rest.split(separator: "|", omittingEmptySubsequences: false)
        }
        names = []
        for alternative in alternatives {
            guard let name = Self.literal(alternative) else { return nil }
            names.append(name)
        }
    }

    func matches(_ model: String) -> Bool {
        names.contains { name in
            guard model.utf8.starts(with: name.utf8) else { return false }
            let rest = model.utf8.dropFirst(name.utf8.count)
            return rest.isEmpty || (admitsSuffix && rest.first == UInt8(ascii: "-"))
        }
    }

    /// The text that a sequence of plain characters and escaped points stands for; nil where it is empty or means more.
    private static func literal(_ expression: Substring) -> String? {
        var name = ""
        var isEscaped = false
        for character in expression {
            switch (character, isEscaped) {
            case ("\\", false):
                isEscaped = true
            case (".", true):
                name.append(".")
                isEscaped = false
            case (_, false) where character == "-" || character.isASCII && (character.isLetter || character.isNumber):
                name.append(character)
            default:
                return nil
            }
        }
        return isEscaped || name.isEmpty ? nil : name
    }
}

extension Substring {
    fileprivate mutating func removePrefix(_ prefix: String) -> Bool {
        guard hasPrefix(prefix) else { return false }
        removeFirst(prefix.count)
        return true
    }

    fileprivate mutating func removeSuffix(_ suffix: String) -> Bool {
        guard hasSuffix(suffix) else { return false }
        removeLast(suffix.count)
        return true
    }
}
