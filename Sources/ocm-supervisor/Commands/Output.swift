import FoundationEssentials
import Glibc
import OCMEventLoop

/// What a command says on standard error.
enum StandardError {
    static func write(_ text: String) {
        writeAll(text, to: STDERR_FILENO)
    }
}

/// What a command says at once, wherever standard output leads to.
enum StandardOutput {
    static func write(_ text: String) {
        writeAll(text, to: STDOUT_FILENO)
    }
}

private func writeAll(_ text: String, to number: Int32) {
    // Where nobody reads any more, that is no failure of the command.
    try? FileDescriptor.writeAll(Array(text.utf8).span, to: number)
}

/// What a command prints for other programs (`--json`): indented, keys in alphabetical order.
enum JSONOutput {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
