import ArgumentParser
import FoundationEssentials
import Glibc
import OCMEventLoop

/// What a command says on standard error.
enum StandardError {
    static func write(_ text: String) {
        try? FileDescriptor.writeAll(Array(text.utf8).span, to: STDERR_FILENO)
    }
}

/// What a command prints, wherever standard output leads to.
enum StandardOutput {
    /// Throws the command's exit status where the text can't be written whole, which standard error has been told then.
    static func write(_ text: String) throws(ExitCode) {
        do throws(SystemError) {
            try FileDescriptor.writeAll(Array(text.utf8).span, to: STDOUT_FILENO)
        } catch {
            // Where nobody reads any more, there is nothing to say: as if by SIGPIPE.
            guard error.code != EPIPE else { throw .brokenPipe }
            StandardError.write("ocm-supervisor: standard output can't be written: \(error.reason)\n")
            throw .failure
        }
    }

    /// The exit status of a command that ends with this text.
    static func code(writing text: String) -> Int32 {
        do throws(ExitCode) { try write(text) } catch { return error.rawValue }
        return 0
    }

    /// Says something on the way, without which the command goes on.
    static func tell(_ text: String) {
        try? FileDescriptor.writeAll(Array(text.utf8).span, to: STDOUT_FILENO)
    }
}

/// What a command prints for other programs (`--json`): indented, keys in alphabetical order.
enum JSONOutput {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
