/// The character classes of RFC 9110 and RFC 3986.
extension UInt8 {
    static let carriageReturn = UInt8(ascii: "\r")
    static let lineFeed = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")

    /// tchar (RFC 9110 section 5.6.2).
    var isTokenByte: Bool {
        // One bit for each of the 128 ASCII characters: !#$%&'*+-.0-9 A-Z^_ `a-z|~
        let set: UInt64 = self < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        return self < 128 && (set &>> UInt64(self & 63)) & 1 == 1
    }

    /// unreserved and sub-delims (RFC 3986 section 2): letters, digits and -._~ !$&'()*+,;=
    var isUnreservedOrSubDelimiter: Bool {
        let set: UInt64 = self < 64 ? 0x2BFF_7FD2_0000_0000 : 0x47FF_FFFE_87FF_FFFE
        return self < 128 && (set &>> UInt64(self & 63)) & 1 == 1
    }

    /// What a field value is made of: HTAB, SP, VCHAR, obs-text (RFC 9110 section 5.5).
    var isFieldByte: Bool { self >= 0x20 && self != 0x7F || self == .tab }

    /// VCHAR.
    var isVisible: Bool { self &- 0x21 < 0x5E }

    var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }

    /// SP or HTAB.
    var isBlank: Bool { self == .space || self == .tab }

    var lowercased: UInt8 { self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self }

    /// The value of a hexadecimal digit.
    var hexValue: UInt8? {
        if isDigit { return self &- UInt8(ascii: "0") }
        let letter = (self | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter + 10 : nil
    }
}
