import Glibc
import Logging
import OCMEventLoop
import OCMLogging

/// Where the log goes: one open descriptor, which the workers get too.
@EventLoop final class LogTarget {
    let descriptor: Int32
    let isJSON: Bool
    let logger: Logger

    /// Throws where the configured file can't be opened.
    init(_ log: Configuration.Log) throws(SystemError) {
        descriptor = try Self.open(log)
        isJSON = log.format == .json
        let handler = LineLogHandler(
            descriptor: descriptor, level: log.loggerLevel, format: log.format == .json ? .json : .text,
            hasTime: log.timestamp)
        logger = Logger(label: "ocm-supervisor") { _ in handler }
    }

    deinit {
        if descriptor > STDERR_FILENO { close(descriptor) }
    }

    private static func open(_ log: Configuration.Log) throws(SystemError) -> Int32 {
        if log.disabled { return try opened("/dev/null").release() }
        switch log.output {
        case .standardError, .journal: return 2
        case .standardOutput: return 1
        case .file(let path): return try opened(path).release()
        }
    }

    static func opened(_ path: String) throws(SystemError) -> FileDescriptor {
        try FileDescriptor("open", unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640))
    }
}

extension Configuration.Log {
    var loggerLevel: Logger.Level {
        switch level {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .warn: .warning
        case .error: .error
        case .fatal, .panic: .critical
        }
    }

    /// The level as workers are told it.
    var loggerLevelIndex: UInt8 {
        UInt8(Logger.Level.allCases.firstIndex(of: loggerLevel) ?? 2)
    }
}
