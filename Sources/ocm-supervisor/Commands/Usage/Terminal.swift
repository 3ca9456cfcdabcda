import CShims
import Glibc

/// What standard output leads to, as far as it matters to how a page looks.
struct Terminal: Equatable {
    /// Columns; nil where no terminal is there, and lines may be as long as they like.
    var width: Int?
    /// Whether it shows more than ASCII.
    var showsUnicode: Bool

    static var standardOutput: Terminal {
        let type = variable("TERM")
        guard isatty(STDOUT_FILENO) == 1 else { return Terminal(width: nil, showsUnicode: false) }
        let columns = Int(ocm_terminal_columns(STDOUT_FILENO))
        return Terminal(
            width: columns > 0 ? columns : variable("COLUMNS").flatMap { Int($0) } ?? 80,
            showsUnicode: type != "dumb" && isUnicode(["LC_ALL", "LC_CTYPE", "LANG"].compactMap(variable).first))
    }

    /// A locale's name as locale(7) has it: `de_DE.UTF-8`.
    static func isUnicode(_ locale: String?) -> Bool {
        guard let charset = locale?.split(separator: ".").dropFirst().first else { return false }
        return charset.split(separator: "@")[0].filter { $0 != "-" }.lowercased() == "utf8"
    }

    /// One that is set and not empty.
    private static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// How many columns a text takes: East Asian characters and most emoji two, marks on others none.
    static func columns(of text: some StringProtocol) -> Int {
        text.reduce(0) { sum, character in
            guard let first = character.unicodeScalars.first else { return sum }
            let isMark = [.nonspacingMark, .enclosingMark, .format].contains(first.properties.generalCategory)
            return sum + (isMark ? 0 : isWide(first) ? 2 : 1)
        }
    }

    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
            0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
