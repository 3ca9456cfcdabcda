internal import Glibc
package import Logging

/// Writes each message as one line to a descriptor: `time level message key=value …`, or as a JSON object.
///
/// The write never blocks where the descriptor does not; what is not taken is dropped.
package struct LineLogHandler: LogHandler {
    package enum Format: Sendable {
        case text, json
    }

    private let descriptor: Int32
    private let format: Format
    private let hasTime: Bool
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]

    package init(descriptor: Int32, level: Logger.Level, format: Format = .text, hasTime: Bool = true) {
        self.descriptor = descriptor
        self.format = format
        self.hasTime = hasTime
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let pairs = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        var line =
            switch format {
            case .text: text(event, pairs)
            case .json: json(event, pairs)
            }
        line += "\n"
        let count = line.withUTF8 { unsafe write(descriptor, $0.baseAddress, $0.count) }
        _ = count
    }

    private func text(_ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)]) -> String {
        var line = hasTime ? "\(timestamp()) " : ""
        line += "\(event.level) \(escaped(event.message.description, quoting: false))"
        for (key, value) in pairs { line += " \(key)=\(escaped(value.description, quoting: true))" }
        return line
    }

    private func json(_ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)]) -> String {
        var line = "{"
        if hasTime { line += "\"time\":\"\(timestamp())\"," }
        line += "\"level\":\"\(event.level)\",\"message\":\(quoted(event.message.description))"
        for (key, value) in pairs { line += ",\(quoted(key)):\(quoted(value.description))" }
        return line + "}"
    }
}

/// RFC 3339 in UTC, with milliseconds.
private func timestamp() -> String {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    var seconds = now.tv_sec
    var parts = unsafe tm()
    unsafe gmtime_r(&seconds, &parts)
    func digits(_ number: Int32, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let date = unsafe "\(digits(parts.tm_year + 1900, 4))-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
    let time = unsafe "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
    return "\(date)T\(time).\(digits(Int32(now.tv_nsec / 1_000_000), 3))Z"
}

/// No value can end its line or pass for another key: what is not plain stands in quotes.
private func escaped(_ text: String, quoting: Bool) -> String {
    let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f && (!quoting || ($0 != 0x20 && $0 != 0x22)) }
    return isPlain && !(quoting && text.isEmpty) ? text : quoted(text)
}

/// As a JSON string (RFC 8259 section 7).
private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case "\0"..<" ", "\u{7f}":
            let hex = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
