/// Takes a stream of server-sent events apart (HTML Living Standard, 9.2.6), from bytes that come in pieces split
/// anywhere.
///
/// A pull parser of fixed size that gives out ranges of the bytes it was shown and copies none, but for a name that
/// two reads share. It differs from the standard in two points. A data line is given out as it comes, not when its
/// event is complete. And a CR alone ends a line only in streams whose first line ends so: in all others the search
/// for a line's end is one for LF, which makes it almost free to pass over an event.
package struct ServerSentEventReader: Sendable {
    package enum Piece: Sendable {
        /// An `event:` line, to be read in `name(in:)`.
        case name
        /// Part of the value of a data line; the CR of a CRLF may be its last byte.
        case data(Range<Int>)
        /// Another data line begins: a line feed stands between their values.
        case dataBreak
        /// The empty line that ends an event, or follows a comment.
        case end
        /// The bytes are used up.
        case starved
    }

    private enum State: Sendable {
        /// At the very beginning, where a byte order mark may stand.
        case byteOrderMark
        case lineStart
        /// In the name of a field, `data` or `event` so far.
        case field
        /// Behind such a name and a CR.
        case fieldCR
        /// Behind a CR that began a line.
        case emptyLineCR
        /// Behind the colon, where one space does not belong to the value.
        case valueStart
        case data, name
        /// In a comment, in a field without meaning here, or in an event that is skipped.
        case ignored
    }

    private enum LineEnd: Sendable {
        case unknown
        /// LF or CRLF
        case lineFeed
        /// CR, LF or CRLF
        case any
    }

    private var state = State.byteOrderMark
    private var lineEnd = LineEnd.unknown
    /// Whether the last line ended in a CR, to which a LF right behind belongs. Never so where only LF ends lines.
    private var isBehindCR = false
    private var isSkipping = false
    private var hasData = false
    /// Whether the field being read is `data`.
    private var isData = false
    /// What is left to come of the field's name or of the byte order mark, the next byte in the lowest place.
    private var rest: UInt64 = 0xBF_BBEF
    /// The last name: where it stands in the bytes shown, or, where two reads share it, its text.
    private var nameRange = 0..<0
    private var heldName = BoundedText()

    package init() {}

    /// The name that `next` has just found, in the bytes in which it found it. A longer one than
    /// `BoundedText.capacity` is cut where two reads share it.
    @_lifetime(borrow self, copy bytes)
    package func name(in bytes: Span<UInt8>) -> Span<UInt8> {
        let name = heldName.count == 0 ? bytes.extracting(nameRange) : heldName.bytes
        let last = name.count - 1
        return last >= 0 && name[last] == .carriageReturn ? name.extracting(0..<last) : name
    }

    /// Passes over the rest of the current event: nothing of it is returned any more, not even its end.
    package mutating func skipEvent() {
        isSkipping = true
        if state != .lineStart { state = .ignored }
    }

    /// Whether the next byte begins an event, in a stream whose lines end in LF.
    package var isBetweenEvents: Bool {
        state == .lineStart && lineEnd == .lineFeed && !hasData && !isSkipping
    }

    /// Passes over the event that begins at `position`, where `isBetweenEvents`, and moves `position` behind it.
    ///
    /// That is what most events are for a meter, and all that most of them cost: two searches for LF.
    package mutating func skipEvent(in bytes: Span<UInt8>, at position: inout Int) {
        while let end = bytes.firstIndex(of: .lineFeed, in: position..<bytes.count) {
            position = end &+ 1
            guard position < bytes.count else {
                isSkipping = true
                return
            }
            if bytes[position] == .lineFeed {
                position &+= 1
                return
            }
            // An empty line that ends in CRLF, most likely: that is for `next` to find out.
            if bytes[position] == .carriageReturn {
                isSkipping = true
                return
            }
        }
        isSkipping = true
        state = .ignored
        position = bytes.count
    }

    /// Reads on at `position` up to the next piece, and moves `position` behind it.
    package mutating func next(in bytes: Span<UInt8>, at position: inout Int) -> Piece {
        while position < bytes.count {
            let piece: Piece? =
                switch state {
                case .lineStart: beginLine(bytes, &position)
                case .field: matchField(bytes, &position)
                case .valueStart: beginValue(bytes, &position)
                case .data: scanData(bytes, &position)
                case .name: scanName(bytes, &position)
                case .ignored: passLine(bytes, &position)
                case .emptyLineCR, .fieldCR: resolveCR(bytes, &position)
                case .byteOrderMark: matchByteOrderMark(bytes, &position)
                }
            if let piece { return piece }
        }
        return .starved
    }

    // MARK: Lines

    private mutating func beginLine(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        let byte = bytes[position]
        if isBehindCR {
            isBehindCR = false
            if lineEnd == .unknown { lineEnd = byte == .lineFeed ? .lineFeed : .any }
            if byte == .lineFeed {
                position &+= 1
                return nil
            }
        }
        switch byte {
        case .lineFeed: return endEvent(bytes, &position)
        case .carriageReturn:
            if lineEnd != .lineFeed { return endEvent(bytes, &position) }
            position &+= 1
            state = .emptyLineCR
        case UInt8(ascii: "d") where !isSkipping: beginField(isData: true, name: 0x6174_6164)
        case UInt8(ascii: "e") where !isSkipping: beginField(isData: false, name: 0x74_6E65_7665)
        default: return passLine(bytes, &position)
        }
        return nil
    }

    private mutating func endEvent(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        endLine(bytes, &position)
        hasData = false
        guard isSkipping else { return .end }
        isSkipping = false
        return nil
    }

    /// Behind a CR in a stream whose lines end in LF: only together with one it ends the line.
    private mutating func resolveCR(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        let isEmptyLine = state == .emptyLineCR
        state = .ignored
        guard bytes[position] == .lineFeed else { return nil }
        return isEmptyLine ? endEvent(bytes, &position) : takeField()
    }

    private mutating func passLine(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        state = .ignored
        position = lineBreak(in: bytes, from: position)
        endLine(bytes, &position)
        return nil
    }

    /// Index of the first line break at or after `start`, `count` where there is none.
    private func lineBreak(in bytes: Span<UInt8>, from start: Int) -> Int {
        lineEnd == .lineFeed
            ? bytes.firstIndex(of: .lineFeed, in: start..<bytes.count) ?? bytes.count
            : bytes.firstLineBreak(from: start)
    }

    /// Goes on behind the line break at `position`, where there is one.
    @discardableResult
    private mutating func endLine(_ bytes: Span<UInt8>, _ position: inout Int) -> Bool {
        guard position < bytes.count else { return false }
        if bytes[position] == .lineFeed {
            if lineEnd == .unknown { lineEnd = .lineFeed }
        } else {
            isBehindCR = true
        }
        position &+= 1
        state = .lineStart
        return true
    }

    private mutating func matchByteOrderMark(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        if UInt64(bytes[position]) == rest & 0xFF {
            rest >>= 8
            position &+= 1
            if rest == 0 { state = .lineStart }
        } else {
            // Part of a mark is part of a field's name, and no field has such a one.
            state = rest == 0xBF_BBEF ? .lineStart : .ignored
        }
        return nil
    }

    // MARK: Fields

    private mutating func beginField(isData: Bool, name: UInt64) {
        self.isData = isData
        rest = name
        state = .field
    }

    private mutating func matchField(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        while rest != 0 {
            guard position < bytes.count else { return nil }
            guard UInt64(bytes[position]) == rest & 0xFF else {
                state = .ignored
                return nil
            }
            rest >>= 8
            position &+= 1
        }
        guard position < bytes.count else { return nil }
        switch bytes[position] {
        case UInt8(ascii: ":"):
            position &+= 1
            return takeField()
        // A name without a colon is that of a field with an empty value.
        case .carriageReturn where lineEnd == .lineFeed:
            position &+= 1
            state = .fieldCR
            return nil
        case .lineFeed, .carriageReturn:
            return takeField()
        default:
            state = .ignored
            return nil
        }
    }

    /// Goes on to the value of a field whose name is complete.
    private mutating func takeField() -> Piece? {
        state = .valueStart
        guard isData else {
            heldName.removeAll()
            return nil
        }
        defer { hasData = true }
        return hasData ? .dataBreak : nil
    }

    private mutating func beginValue(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        if bytes[position] == .space { position &+= 1 }
        state = isData ? .data : .name
        return nil
    }

    private mutating func scanData(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        let range = position..<lineBreak(in: bytes, from: position)
        position = range.upperBound
        endLine(bytes, &position)
        return range.isEmpty ? nil : .data(range)
    }

    private mutating func scanName(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        nameRange = position..<lineBreak(in: bytes, from: position)
        position = nameRange.upperBound
        if position == bytes.count || heldName.count > 0 {
            heldName.append(bytes.extracting(nameRange))
        }
        return endLine(bytes, &position) ? .name : nil
    }
}
