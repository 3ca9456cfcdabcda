/// Writes JSON the same way every time: members in the order they come, indented by two spaces.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private var depth = 0
    private var isFirst = true
    /// Set while everything goes on one line.
    private var isInline = false

    /// An object; `members` writes what is in it.
    mutating func object(_ members: (inout JSONText) -> Void) {
        group(UInt8(ascii: "{"), UInt8(ascii: "}"), members)
    }

    /// As ``object(_:)`` and ``array(_:)``, for what is too long to be written at once.
    mutating func beginObject() { begin(UInt8(ascii: "{")) }
    mutating func endObject() { end(UInt8(ascii: "}")) }
    mutating func beginArray() { begin(UInt8(ascii: "[")) }
    mutating func endArray() { end(UInt8(ascii: "]")) }

    /// An array; each value in it is begun by ``element()``.
    mutating func array(_ elements: (inout JSONText) -> Void) {
        group(UInt8(ascii: "["), UInt8(ascii: "]"), elements)
    }

    /// An object on one line.
    mutating func line(_ members: (inout JSONText) -> Void) {
        let outer = isInline
        bytes.append(UInt8(ascii: "{"))
        isInline = true
        isFirst = true
        members(&self)
        isInline = outer
        isFirst = false
        bytes.append(UInt8(ascii: "}"))
    }

    /// Begins a member; its value follows.
    mutating func member(_ name: String) {
        element()
        string(name)
        bytes.append(contentsOf: ": ".utf8)
    }

    /// Begins an element of an array; its value follows.
    mutating func element() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        if isInline {
            if !isFirst { bytes.append(UInt8(ascii: " ")) }
        } else {
            newLine()
        }
        isFirst = false
    }

    /// A number, written as it is.
    mutating func number(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Ends the text with a line feed.
    mutating func end() {
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func group(_ opening: UInt8, _ closing: UInt8, _ content: (inout JSONText) -> Void) {
        begin(opening)
        content(&self)
        end(closing)
    }

    private mutating func begin(_ opening: UInt8) {
        bytes.append(opening)
        depth += 1
        isFirst = true
    }

    private mutating func end(_ closing: UInt8) {
        depth -= 1
        if !isFirst { newLine() }
        isFirst = false
        bytes.append(closing)
    }

    private mutating func newLine() {
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }
}
