/// What keeps a text from being read as JSON at all, and where.
struct SourceError: Error, Equatable {
    enum Fault: Equatable {
        case tooLarge
        case notUTF8
        case empty
        case tooDeep
        case unterminatedComment
        case unexpectedEnd(inside: String, line: Int)
        case trailingText
        case valueExpected
        case nameExpected
        case colonExpected
        case separatorExpected(closing: String)
        case controlCharacter
        case badEscape
        case loneSurrogate
        case badNumber
        case duplicate(name: String, line: Int)
    }

    let fault: Fault
    /// In bytes from the file's start.
    let offset: Int
    let path: SourcePath

    /// What is wrong and what would be right. Quotes nothing of the file but the names of fields.
    var message: String {
        switch fault {
        case .tooLarge:
            "the file is larger than \(SourceReader.maximumSize >> 20) MiB; split it or remove what is not configuration"
        case .notUTF8: "a byte here is not UTF-8; save the file in UTF-8"
        case .empty: "the file is empty; write an object: { \"services\": [ … ] }"
        case .tooDeep: "lists and objects stand more than \(SourceReader.maximumDepth) deep in each other; flatten them"
        case .unterminatedComment: "the comment that begins here has no end; close it with */"
        case .unexpectedEnd(let inside, let line):
            "the file ends inside \(inside) that begins in line \(line); close it"
        case .trailingText: "text follows behind the end of the configuration; remove it"
        case .valueExpected: "a value is expected here: a string in double quotes, a number, true, false, null, [ or {"
        case .nameExpected: "the name of a field is expected here, in double quotes"
        case .colonExpected: "\":\" is missing here, between the name of the field and its value"
        case .separatorExpected(let closing): "\",\" or \"\(closing)\" is missing here"
        case .controlCharacter:
            "a line break or another control character stands in a string; close the string or write \\n"
        case .badEscape: "the backslash begins no escape that JSON knows; write \\\\ for a backslash itself"
        case .loneSurrogate: "the escape is one half of a surrogate pair; write both halves"
        case .badNumber: "this is not a number of JSON; write digits without leading zeros, or put it in double quotes"
        case .duplicate(let name, let line): "\(name.quoted) stands in line \(line) already; keep one of the two"
        }
    }
}
