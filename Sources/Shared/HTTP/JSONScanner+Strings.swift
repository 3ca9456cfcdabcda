extension JSONScanner {
    mutating func scanString(_ bytes: Span<UInt8>, _ position: inout Int) -> Token? {
        let isCapturing = !isSkipping
        while position < bytes.count {
            let stop = bytes.firstStringStop(from: position)
            let isEnd = stop < bytes.count && bytes[stop] == UInt8(ascii: "\"")
            if isCapturing { take(bytes, position..<stop, isEnd: isEnd) }
            position = stop
            guard stop < bytes.count else { return nil }
            position &+= 1
            if isEnd { return endString() }
            switch bytes[stop] {
            case UInt8(ascii: "\\"):
                // The common case in place: a short escape that nobody wants to read.
                if !isCapturing, position < bytes.count, Self.unescaped(bytes[position]) != nil {
                    position &+= 1
                } else {
                    state = .escape
                    return nil
                }
            default: return refuse()
            }
        }
        return nil
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
