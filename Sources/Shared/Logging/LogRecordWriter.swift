package import Logging

/// Writes records behind each other into bytes, in the log's form: `begin`, fields in the order in which they are to stand,
/// `end`. No value can end its line, or pass for another key.
///
/// Without formatting of strings where what is written is plain, as it is in all but a few lines.
package struct LogRecordWriter: Sendable {
    package let form: LogForm
    private let hasTime: Bool
    /// Name of the program, in the journal (SYSLOG_IDENTIFIER).
    private let identifier: String
    private var clock = LogClock()

    /// The records so far, and where each of them ends.
    package private(set) var bytes: [UInt8] = []
    package private(set) var ends: [Int] = []
    /// In the journal, the fields of the record that is being written stand behind its message.
    private var fields: [UInt8] = []

    package init(form: LogForm, hasTime: Bool, identifier: String) {
        self.form = form
        self.hasTime = hasTime
        self.identifier = identifier
    }

    /// One of the same form that has nothing yet.
    var fresh: LogRecordWriter { LogRecordWriter(form: form, hasTime: hasTime, identifier: identifier) }

    /// Begins a record.
    package mutating func begin(_ level: Logger.Level, _ message: String) {
        switch form {
        case .text:
            if hasTime {
                clock.append(to: &bytes)
                bytes.append(UInt8(ascii: " "))
            }
            bytes += level.rawValue.utf8
            bytes.append(UInt8(ascii: " "))
            bytes.append(text: message.utf8Span.span, quoting: false)
        case .json:
            bytes.append(UInt8(ascii: "{"))
            if hasTime {
                bytes.append("\"time\":\"")
                clock.append(to: &bytes)
                bytes.append("\",")
            }
            bytes.append("\"level\":\"")
            bytes += level.rawValue.utf8
            bytes.append("\",\"message\":")
            bytes.append(json: message.utf8Span.span)
        case .journal:
            fields.removeAll(keepingCapacity: true)
            fields.append("\nPRIORITY=")
            fields.append(level.priority)
            fields.append("\nSYSLOG_IDENTIFIER=")
            fields += identifier.utf8
            fields.append(.lineFeed)
            bytes.append("MESSAGE=")
            bytes.append(text: message.utf8Span.span, quoting: false)
        }
    }

    package mutating func field(_ key: StaticString, _ value: Span<UInt8>) {
        key.withUTF8Buffer { unsafe field(key: Span(_unsafeElements: $0), value) }
    }

    package mutating func field(_ key: StaticString, _ value: String) {
        field(key, value.utf8Span.span)
    }

    package mutating func field(_ key: StaticString, _ value: StaticString) {
        value.withUTF8Buffer { unsafe field(key, Span(_unsafeElements: $0)) }
    }

    /// As sixteen digits.
    package mutating func field(_ key: StaticString, hexadecimal value: UInt64) {
        field(key, value.hexadecimalDigits.span)
    }

    package mutating func field(_ key: String, _ value: String) {
        field(key: key.utf8Span.span, value.utf8Span.span)
    }

    package mutating func field(_ key: StaticString, _ value: UInt64) {
        key.withUTF8Buffer { key in
            let key = unsafe Span(_unsafeElements: key)
            begin(key: key)
            bytes.append(decimal: value)
            if form == .journal {
                fields.append(journalName: key)
                fields.append(UInt8(ascii: "="))
                fields.append(decimal: value)
                fields.append(.lineFeed)
            }
        }
    }

    package mutating func end() {
        switch form {
        case .text: bytes.append(.lineFeed)
        case .json: bytes.append("}\n")
        case .journal: bytes += fields
        }
        ends.append(bytes.count)
    }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    private mutating func field(key: Span<UInt8>, _ value: Span<UInt8>) {
        begin(key: key)
        if form == .json { bytes.append(json: value) } else { bytes.append(text: value, quoting: true) }
        if form == .journal { fields.append(journalName: key, value: value) }
    }

    private mutating func begin(key: Span<UInt8>) {
        if form == .json {
            bytes.append(UInt8(ascii: ","))
            bytes.append(json: key)
            bytes.append(UInt8(ascii: ":"))
        } else {
            bytes.append(UInt8(ascii: " "))
            bytes.append(all: key)
            bytes.append(UInt8(ascii: "="))
        }
    }
}

extension UInt64 {
    /// All sixteen, in ASCII.
    package var hexadecimalDigits: InlineArray<16, UInt8> {
        InlineArray { index in
            let digit = UInt8(truncatingIfNeeded: self >> (60 - 4 * UInt64(index))) & 15
            return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        }
    }
}

extension Logger.Level {
    /// As syslog(3) counts them.
    fileprivate var priority: StaticString {
        switch self {
        case .trace, .debug: "7"
        case .info: "6"
        case .notice: "5"
        case .warning: "4"
        case .error: "3"
        case .critical: "2"
        }
    }
}
