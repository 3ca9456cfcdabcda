/// Reads one JSON text (RFC 8259) whose top-level value is an object, from bytes that come in pieces split anywhere.
///
/// A pull parser of fixed size: `next` returns the tokens on the path that its caller follows, and passes over what
/// the caller `skip`s at the speed of a search, checking its grammar. Strings are given out where they stand, or, with
/// escapes resolved and where two reads share them, from a buffer of `BoundedText.capacity`. Taken more widely than
/// the grammar has it: a comma before a closing bracket, bytes that are no UTF-8 and halves of surrogate pairs in
/// strings, and what is nested deeper than `trackedDepth`.
package struct JSONScanner: Sendable {
    package enum Token: Sendable {
        /// A member's name, to be read in `text(in:)`; its value follows.
        case key
        /// A string, to be read in `text(in:)`.
        case string
        /// A number, to be read in `count`.
        case number
        /// `true`, `false` or `null`, to be read in `flag`.
        case literal
        case objectStart, objectEnd, arrayStart, arrayEnd
        /// The bytes are used up, or the text was complete before them.
        case starved
        /// This is no JSON text, and no more is read of it.
        case malformed
    }

    enum State: UInt8, Sendable {
        /// Before the top-level object.
        case start
        case value, valueOrEnd, keyOrEnd, colon, separatorOrEnd
        case string, escape, unicode
        case number, literal
        /// In containers nested deeper than is kept track of.
        case deep
        case end, malformed

        /// Whether the next byte is one of structure, not part of a string, number or literal.
        var isStructural: Bool { rawValue <= State.separatorOrEnd.rawValue }
    }

    /// Containers down to this depth are matched exactly. Deeper ones, which exist only inside skipped values, are
    /// counted: a hostile depth costs neither memory nor the record of a response that is otherwise well formed.
    static let trackedDepth = 64

    var state = State.start
    /// Number of containers that are open.
    package internal(set) var depth = 0
    /// Bit n: whether the container at depth n + 1 is an object.
    private var kinds: UInt64 = 0
    /// While a value is skipped: the depth at which it ends, else -1.
    private var skippedTo = -1

    /// Whether the string being read is a member's name.
    var isKey = false
    /// The last name or string that was returned: where it stands in the bytes shown, or, where it has escapes or two
    /// reads share it, its text.
    var textRange = 0..<0
    var heldText = BoundedText()
    var isTextHeld = false
    /// Hexadecimal digits seen of a \u escape, and their value.
    var hexDigits = 0
    var hexValue: UInt32 = 0
    /// A high surrogate that ends `heldText` in the form of a replacement character, until its low one follows.
    var highSurrogate: UInt32 = 0
    var surrogateEnd = 0

    private var number = JSONNumber()
    /// What is left to come of a literal, the next byte in the lowest place.
    private var literalRest: UInt64 = 0

    package init() {}

    /// Whether the top-level object is closed.
    package var isComplete: Bool { state == .end }

    /// The name or string that `next` has just returned, in the bytes in which it found its end. One that is longer
    /// than `BoundedText.capacity` may be cut there: `copyText(from:)` knows whether it was.
    ///
    /// Mutating only in form: read through a copyable value that lies in another one, it would copy the scanner first.
    @_lifetime(&self, copy bytes)
    package mutating func text(in bytes: Span<UInt8>) -> Span<UInt8> {
        isTextHeld ? heldText.bytes : bytes.extracting(textRange)
    }

    /// A copy of `text(in:)`.
    package func copyText(from bytes: Span<UInt8>) -> BoundedText {
        if isTextHeld { return heldText }
        var text = BoundedText()
        text.append(bytes.extracting(textRange))
        return text
    }

    /// The last number that was returned, without its fraction: 0 where it is negative, saturated at `UInt64.max`.
    package var count: UInt64 { number.count }

    /// A hundred times the last number, read as `count` is.
    package var hundredths: UInt64 { number.count(shifted: 2) }

    /// The last literal that was returned; nil where it is `null`.
    package private(set) var flag: Bool?

    var isSkipping: Bool { skippedTo >= 0 }

    /// After a `key`: returns nothing of its value, and goes on after it.
    package mutating func skipValue() {
        skippedTo = depth
    }

    /// After an `objectStart` or `arrayStart`: returns nothing of the container, its end included.
    package mutating func skipContainer() {
        skippedTo = depth - 1
    }

    /// Makes ready for another text. Cheaper than a new scanner: the buffer for names is left as it is.
    package mutating func reset() {
        state = .start
        depth = 0
        skippedTo = -1
    }

    /// Reads on at `position` up to the next token, and moves `position` behind it.
    package mutating func next(in bytes: Span<UInt8>, at position: inout Int) -> Token {
        while position < bytes.count {
            let token: Token? =
                switch state {
                case .string: scanString(bytes, &position)
                case .escape, .unicode: scanEscape(bytes, &position)
                case .number: scanNumber(bytes, &position)
                case .literal: matchLiteral(bytes, &position)
                case .deep: countDeep(bytes, &position)
                case .end: pass(over: bytes, &position)
                case .malformed: .malformed
                case .start, .value, .valueOrEnd, .keyOrEnd, .colon, .separatorOrEnd: scanStructure(bytes, &position)
                }
            if let token { return token }
        }
        return state == .malformed ? .malformed : .starved
    }

    private func pass(over bytes: Span<UInt8>, _ position: inout Int) -> Token? {
        position = bytes.count
        return nil
    }

    // MARK: Values

    /// What stands between strings and numbers, byte by byte, up to the next token or into the next string or number.
    private mutating func scanStructure(_ bytes: Span<UInt8>, _ position: inout Int) -> Token? {
        while position < bytes.count {
            let byte = bytes[position]
            position &+= 1
            let token: Token?
            switch byte {
            case UInt8(ascii: "\""):
                return beginString()
            case .space, .tab, .lineFeed, .carriageReturn: continue
            case UInt8(ascii: ","): token = separate()
            case UInt8(ascii: ":"): token = move(from: .colon, to: .value)
            case UInt8(ascii: "{"): token = open(isObject: true)
            case UInt8(ascii: "["): token = open(isObject: false)
            case UInt8(ascii: "}"): token = close(isObject: true)
            case UInt8(ascii: "]"): token = close(isObject: false)
            default: return beginScalar(byte)
            }
            if token != nil || !state.isStructural { return token }
        }
        return nil
    }

    private var expectsValue: Bool { state == .value || state == .valueOrEnd }

    /// Whether the innermost container is an object.
    private var isInObject: Bool { kinds >> UInt64(depth - 1) & 1 == 1 }

    mutating func refuse() -> Token? {
        state = .malformed
        return nil
    }

    private mutating func move(from: State, to next: State) -> Token? {
        guard state == from else { return refuse() }
        state = next
        return nil
    }

    private mutating func open(isObject: Bool) -> Token? {
        guard expectsValue || (state == .start && isObject) else { return refuse() }
        depth += 1
        guard depth <= Self.trackedDepth else {
            guard isSkipping else { return refuse() }
            state = .deep
            return nil
        }
        let bit: UInt64 = 1 << UInt64(depth - 1)
        kinds = isObject ? kinds | bit : kinds & ~bit
        state = isObject ? .keyOrEnd : .valueOrEnd
        if isSkipping { return nil }
        return isObject ? .objectStart : .arrayStart
    }

    private mutating func close(isObject: Bool) -> Token? {
        let isAllowed = state == .separatorOrEnd || state == (isObject ? .keyOrEnd : .valueOrEnd)
        guard isAllowed, isInObject == isObject else { return refuse() }
        depth -= 1
        return endValue(isObject ? .objectEnd : .arrayEnd)
    }

    private mutating func separate() -> Token? {
        guard state == .separatorOrEnd else { return refuse() }
        state = isInObject ? .keyOrEnd : .valueOrEnd
        return nil
    }

    private mutating func beginScalar(_ byte: UInt8) -> Token? {
        guard expectsValue else { return refuse() }
        switch byte {
        case UInt8(ascii: "t"): return beginLiteral(true, 0x65_7572)
        case UInt8(ascii: "f"): return beginLiteral(false, 0x6573_6C61)
        case UInt8(ascii: "n"): return beginLiteral(nil, 0x6C_6C75)
        default:
            number = JSONNumber()
            guard number.take(byte) else { return refuse() }
            state = .number
            return nil
        }
    }

    private mutating func scanNumber(_ bytes: Span<UInt8>, _ position: inout Int) -> Token? {
        guard number.take(bytes, &position) else { return nil }
        return number.isComplete ? endValue(.number) : refuse()
    }

    private mutating func beginLiteral(_ value: Bool?, _ rest: UInt64) -> Token? {
        flag = value
        literalRest = rest
        state = .literal
        return nil
    }

    private mutating func matchLiteral(_ bytes: Span<UInt8>, _ position: inout Int) -> Token? {
        while position < bytes.count {
            guard UInt64(bytes[position]) == literalRest & 0xFF else { return refuse() }
            position &+= 1
            literalRest >>= 8
            if literalRest == 0 { return endValue(.literal) }
        }
        return nil
    }

    private mutating func countDeep(_ bytes: Span<UInt8>, _ position: inout Int) -> Token? {
        while position < bytes.count {
            let byte = bytes[position]
            position &+= 1
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == Self.trackedDepth { return endValue(.arrayEnd) }
            case UInt8(ascii: "\""):
                isKey = false
                state = .string
                return nil
            default: break
            }
        }
        return nil
    }

    /// Goes on behind a value; `token` is for the caller where the value is not skipped.
    mutating func endValue(_ token: Token) -> Token? {
        state = depth == 0 ? .end : .separatorOrEnd
        guard isSkipping else { return token }
        if depth == skippedTo { skippedTo = -1 }
        return nil
    }

    private mutating func beginString() -> Token? {
        isKey = state == .keyOrEnd
        guard isKey || expectsValue else { return refuse() }
        isTextHeld = false
        state = .string
        return nil
    }
}
