/// The way from the whole configuration to one value: `services[0].users[1].token`.
indirect enum SourcePath: Equatable, Sendable {
    case root
    case member(SourcePath, String)
    case element(SourcePath, Int)

    var text: String {
        switch self {
        case .root: ""
        case .member(.root, let name): Self.isPlain(name) ? name : "[\(name.quoted)]"
        case .member(let parent, let name):
            Self.isPlain(name) ? "\(parent.text).\(name)" : "\(parent.text)[\(name.quoted)]"
        case .element(let parent, let index): "\(parent.text)[\(index)]"
        }
    }

    /// Whether a name can stand behind a point without being misread.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                let character = Character(Unicode.Scalar(byte))
                return byte < 0x80 && (character.isLetter || character.isNumber || character == "_" || character == "$")
            }
    }
}
