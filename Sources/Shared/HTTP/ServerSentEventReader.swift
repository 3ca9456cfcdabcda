/// Takes a stream of server-sent events apart (HTML Living Standard, 9.2.6), from bytes that come in pieces split
/// anywhere.
///
/// A pull parser of fixed size that gives out ranges of the bytes it was shown and copies none, but for a name that
/// two reads share. It differs from the standard where a meter has to: a data line is given out as it comes, not when
/// its event is complete.
package struct ServerSentEventReader: Sendable {
    package enum Piece: Sendable {
        /// An `event:` line, to be read in `name(in:)`.
        case name
        /// Part of the value of a data line.
        case data(Range<Int>)
        /// Another data line begins: a line feed stands between their values.
        case dataBreak
        /// The empty line that ends an event, or follows a comment.
        case end
        /// The bytes are used up.
        case starved
    }

    private enum State: Sendable {
        /// At the very beginning, where a byte order mark may stand; the number of its bytes seen.
        case byteOrderMark(Int)
        case lineStart
        /// In a field's name that may become "data" or "event".
        case field
        /// Behind the colon, where one space does not belong to the value.
        case valueStart
        case data, name
        /// In a comment, in a field without meaning here, or in an event that is skipped.
        case ignored
    }

    private var state = State.byteOrderMark(0)
    /// Whether the last line ended in a CR: a LF right behind it belongs to it.
    private var isBehindCR = false
    private var isSkipping = false
    private var hasData = false
    /// Whether the field being read is `data`, and what is left to come of its name, the next byte in the lowest place.
    private var isData = false
    private var fieldRest: UInt64 = 0
    /// The last name: where it stands in the bytes shown, or, where two reads share it, its text.
    private var nameRange = 0..<0
    private var heldName = BoundedText()

    package init() {}

    /// The name that `next` has just found, in the bytes in which it found it. Longer ones are cut at
    /// `BoundedText.capacity` bytes where two reads share them.
    @_lifetime(borrow self, copy bytes)
    package func name(in bytes: Span<UInt8>) -> Span<UInt8> {
        heldName.count == 0 ? bytes.extracting(nameRange) : heldName.bytes
    }

    /// Passes over the rest of the current event: of what is left of it, only `end` is returned.
    package mutating func skipEvent() {
        isSkipping = true
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
                case .byteOrderMark(let seen): matchByteOrderMark(bytes, &position, seen: seen)
                }
            if let piece { return piece }
        }
        return .starved
    }

    private mutating func beginLine(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        let byte = bytes[position]
        if isBehindCR {
            isBehindCR = false
            if byte == .lineFeed {
                position &+= 1
                return nil
            }
        }
        switch byte {
        case .lineFeed, .carriageReturn:
            endLine(bytes, &position)
            isSkipping = false
            hasData = false
            return .end
        case UInt8(ascii: "d") where !isSkipping: beginField(isData: true, rest: 0x61_7461)
        case UInt8(ascii: "e") where !isSkipping: beginField(isData: false, rest: 0x746E_6576)
        default:
            state = .ignored
            return nil
        }
        position &+= 1
        return nil
    }

    private mutating func beginField(isData: Bool, rest: UInt64) {
        self.isData = isData
        fieldRest = rest
        state = .field
    }

    private mutating func matchField(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        let byte = bytes[position]
        if fieldRest != 0 {
            guard UInt64(byte) == fieldRest & 0xFF else {
                state = .ignored
                return nil
            }
            fieldRest >>= 8
            position &+= 1
            return nil
        }
        switch byte {
        case UInt8(ascii: ":"): position &+= 1
        // A name without a colon is a field with an empty value; the line break is left for the value's reader.
        case .lineFeed, .carriageReturn: break
        default:
            state = .ignored
            return nil
        }
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
        let range = position..<bytes.firstLineBreak(from: position)
        position = range.upperBound
        endLine(bytes, &position)
        return range.isEmpty ? nil : .data(range)
    }

    private mutating func scanName(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        nameRange = position..<bytes.firstLineBreak(from: position)
        position = nameRange.upperBound
        if position == bytes.count || heldName.count > 0 {
            heldName.append(bytes.extracting(nameRange))
        }
        return endLine(bytes, &position) ? .name : nil
    }

    private mutating func passLine(_ bytes: Span<UInt8>, _ position: inout Int) -> Piece? {
        position = bytes.firstLineBreak(from: position)
        endLine(bytes, &position)
        return nil
    }

    /// Goes on behind the line break at `position`, where there is one.
    @discardableResult
    private mutating func endLine(_ bytes: Span<UInt8>, _ position: inout Int) -> Bool {
        guard position < bytes.count else { return false }
        isBehindCR = bytes[position] == .carriageReturn
        position &+= 1
        state = .lineStart
        return true
    }

    private mutating func matchByteOrderMark(_ bytes: Span<UInt8>, _ position: inout Int, seen: Int) -> Piece? {
        let mark: [3 of UInt8] = [0xEF, 0xBB, 0xBF]
        if bytes[position] == mark[seen] {
            position &+= 1
            state = seen == 2 ? .lineStart : .byteOrderMark(seen + 1)
        } else {
            // Part of a mark is part of a field's name, and no field has such a one.
            state = seen == 0 ? .lineStart : .ignored
        }
        return nil
    }
}
