/// Cuts a head into lines as its bytes arrive, and looks at each byte once however often it is asked.
struct LineCutter: Sendable {
    /// Where the line begins that is not complete yet.
    private(set) var lineStart = 0
    /// Whether the line that was cut last holds no control byte but tabs.
    private(set) var isClean = true
    /// Up to here there is no line end after `lineStart`.
    private var searched = 0

    /// The next line without its CRLF, or nil when it is not complete in `bytes`, which hold the head from its first
    /// byte on.
    mutating func next(in bytes: Span<UInt8>, limits: HeadLimits) throws(HTTPError) -> Range<Int>? {
        if searched == lineStart { isClean = true }
        let end = min(bytes.count, limits.bytes)
        precondition(searched <= bytes.count, "the head's earlier bytes are gone")
        guard let lineFeed = lineFeed(in: bytes, until: end) else {
            guard bytes.count < limits.bytes else { throw .headTooLarge(limit: limits.bytes) }
            return nil
        }
        guard lineFeed > lineStart, bytes[lineFeed - 1] == .carriageReturn else { throw .bareLineFeed }
        let line = lineStart..<lineFeed - 1
        lineStart = lineFeed + 1
        searched = lineStart
        return line
    }

    /// In a line as it should be the line end is the first control byte: one search finds the end and checks the line.
    private mutating func lineFeed(in bytes: Span<UInt8>, until end: Int) -> Int? {
        guard searched < end else { return nil }
        if isClean {
            searched = bytes.endOfFieldContent(in: searched..<end)
            guard searched + 1 < end else {
                isClean = searched == end || bytes[searched] == .carriageReturn
                return isClean ? nil : bytes[searched] == .lineFeed ? searched : nil
            }
            if bytes[searched] == .carriageReturn, bytes[searched + 1] == .lineFeed { return searched + 1 }
            isClean = false
        }
        let found = bytes.firstIndex(of: .lineFeed, in: searched..<end)
        if found == nil { searched = end }
        return found
    }
}
