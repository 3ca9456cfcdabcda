/// Cuts a head into lines as its bytes arrive, and looks at each byte once however often it is asked.
struct LineCutter: Sendable {
    /// Where the line begins that is not complete yet.
    private(set) var lineStart = 0
    /// Up to here there is no line feed after `lineStart`.
    private var searched = 0

    /// The next line without its CRLF, or nil when it is not complete in `bytes`, which hold the head from its first
    /// byte on.
    mutating func next(in bytes: Span<UInt8>, limits: HeadLimits) throws(HTTPError) -> Range<Int>? {
        let end = min(bytes.count, limits.bytes)
        precondition(searched <= bytes.count, "the head's earlier bytes are gone")
        guard searched < end, let lineFeed = bytes.firstIndex(of: .lineFeed, in: searched..<end) else {
            searched = end
            guard bytes.count < limits.bytes else { throw .headTooLarge(limit: limits.bytes) }
            return nil
        }
        guard lineFeed > lineStart, bytes[lineFeed - 1] == .carriageReturn else { throw .bareLineFeed }
        let line = lineStart..<lineFeed - 1
        lineStart = lineFeed + 1
        searched = lineStart
        return line
    }
}
