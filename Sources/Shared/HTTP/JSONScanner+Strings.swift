extension JSONScanner {
    private static var quote: UInt8 { UInt8(ascii: "\"") }
    private static var backslash: UInt8 { UInt8(ascii: "\\") }

    mutating func scanString(_ bytes: Span<UInt8>, _ position: inout Int) -> Token? {
        isSkipping ? skipString(bytes, &position) : captureString(bytes, &position)
    }

    private mutating func captureString(_ bytes: Span<UInt8>, _ position: inout Int) -> Token? {
        let stop = bytes.firstStringStop(from: position)
        let isEnd = stop < bytes.count && bytes[stop] == Self.quote
        take(bytes, position..<stop, isEnd: isEnd)
        position = stop
        guard stop < bytes.count else { return nil }
        position &+= 1
        if isEnd { return endString() }
        guard bytes[stop] == Self.backslash else { return refuse() }
        state = .escape
        return nil
    }

    private mutating func skipString(_ bytes: Span<UInt8>, _ position: inout Int) -> Token? {
        while true {
            let stop = bytes.firstStringStop(from: position)
            position = stop
            guard stop < bytes.count else { return nil }
            position &+= 1
            if bytes[stop] == Self.quote { return endString() }
            guard bytes[stop] == Self.backslash else { return refuse() }
            // A short escape in one step: text has one every few words.
            guard position < bytes.count, bytes[position].isShortEscape else {
                state = .escape
                return nil
            }
            position &+= 1
        }
    }

    /// Notes where the text stands, or, where this is but a part of it, keeps the part.
    private mutating func take(_ bytes: Span<UInt8>, _ range: Range<Int>, isEnd: Bool) {
        if isTextHeld {
            heldText.append(bytes.extracting(range))
        } else if isEnd {
            textRange = range
        } else {
            isTextHeld = true
            highSurrogate = 0
            heldText.removeAll()
            heldText.append(bytes.extracting(range))
        }
    }

    private mutating func endString() -> Token? {
        if depth > Self.trackedDepth {
            state = .deep
            return nil
        }
        guard isKey else { return endValue(.string) }
        state = .colon
        return isSkipping ? nil : .key
    }

    mutating func scanEscape(_ bytes: Span<UInt8>, _ position: inout Int) -> Token? {
        let byte = bytes[position]
        position &+= 1
        if state == .unicode { return takeHexDigit(byte) }
        if let plain = Self.unescaped(byte) {
            if !isSkipping { heldText.append(plain) }
            state = .string
        } else if byte == UInt8(ascii: "u") {
            hexDigits = 0
            hexValue = 0
            state = .unicode
        } else {
            return refuse()
        }
        return nil
    }

    private mutating func takeHexDigit(_ byte: UInt8) -> Token? {
        guard let digit = byte.hexValue else { return refuse() }
        hexValue = hexValue << 4 | UInt32(digit)
        hexDigits += 1
        if hexDigits == 4 {
            state = .string
            if !isSkipping { appendCodeUnit(hexValue) }
        }
        return nil
    }

    /// Appends a UTF-16 code unit, half of a surrogate pair perhaps. A half without its other one, which a text cut
    /// in the middle of a character can end with, reads as the replacement character.
    private mutating func appendCodeUnit(_ unit: UInt32) {
        if (0xDC00...0xDFFF).contains(unit), highSurrogate != 0, heldText.count == surrogateEnd,
            let scalar = Unicode.Scalar(0x10000 + (highSurrogate - 0xD800) << 10 + (unit - 0xDC00))
        {
            heldText.removeLast(3)
            heldText.append(scalar)
            highSurrogate = 0
            return
        }
        heldText.append(Unicode.Scalar(unit) ?? "\u{FFFD}")
        highSurrogate = (0xD800...0xDBFF).contains(unit) ? unit : 0
        surrogateEnd = heldText.count
    }

    /// What the byte behind a backslash stands for; nil for `u` and for what is no escape.
    private static func unescaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: nil
        }
    }
}

extension UInt8 {
    /// Whether this byte, behind a backslash, makes a whole escape: one of `"\/bfnrt`, a bit for each below.
    @inline(__always)
    fileprivate var isShortEscape: Bool {
        let set: UInt64 = self < 64 ? 0x0000_8004_0000_0000 : 0x0014_4044_1000_0000
        return self < 128 && (set &>> UInt64(self & 63)) & 1 == 1
    }
}
