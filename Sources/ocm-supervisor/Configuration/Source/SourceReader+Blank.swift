extension SourceReader {
    /// Steps over white space and comments.
    mutating func skipBlank() throws(SourceError) {
        while let byte = peek {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                index += 1
            case UInt8(ascii: "#"):
                skipLine()
            case UInt8(ascii: "/"):
                guard try skipSlashComment() else { return }
            default:
                return
            }
        }
    }

    private mutating func skipLine() {
        while let byte = peek, byte != UInt8(ascii: "\n") { index += 1 }
    }

    /// Whether a comment stood here.
    private mutating func skipSlashComment() throws(SourceError) -> Bool {
        let start = index
        if skip("//") {
            skipLine()
            return true
        }
        guard skip("/*") else { return false }
        while peek != nil {
            if skip("*/") { return true }
            index += 1
        }
        throw error(.unterminatedComment, at: start)
    }
}
