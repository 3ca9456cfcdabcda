import Glibc
import Logging
import OCMEventLoop

/// The log that a reload can lead elsewhere: whoever has its logger need not know.
@EventLoop final class SupervisorLog {
    private(set) var target: LogTarget
    private var settings: Configuration.Log
    fileprivate var level: Logger.Level

    /// What a reload does to the log, with all that can fail behind it.
    enum Change {
        /// The same file, which may have been renamed (logrotate(8)).
        case reopened(OpenFile)
        case replaced(LogTarget)
        case none
    }

    /// Throws where the configured file can't be opened.
    init(_ log: Configuration.Log) throws(SystemError) {
        target = try LogTarget(log)
        settings = log
        level = log.loggerLevel
    }

    var logger: Logger {
        Logger(label: "ocm-supervisor") { _ in SwitchedLogHandler(log: self) }
    }

    func prepare(_ log: Configuration.Log) throws(SystemError) -> Change {
        if log.needsOtherTarget(than: settings) { return .replaced(try LogTarget(log)) }
        guard let path = log.path else { return .none }
        return .reopened(OpenFile(try LogTarget.opened(path)))
    }

    /// Puts it into force. Workers have the descriptor of the target that they were started with.
    ///
    /// - Returns: whether those that write to the present file are to be given it anew.
    func commit(_ change: Change, _ log: Configuration.Log) -> Bool {
        settings = log
        level = log.loggerLevel
        switch change {
        case .none: return false
        case .replaced(let target):
            self.target = target
            return false
        case .reopened(let descriptor):
            dup2(descriptor.number, target.descriptor)
            _ = fcntl(target.descriptor, F_SETFD, FD_CLOEXEC)
            target.reopened()
            return true
        }
    }
}

extension SupervisorLog.Change {
    /// Where the log will go, where that is another place than before.
    var target: LogTarget? {
        if case .replaced(let target) = self { target } else { nil }
    }
}

/// A file that is open until nobody needs it.
final class OpenFile: Sendable {
    private let descriptor: FileDescriptor
    var number: Int32 { descriptor.number }

    init(_ descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
    }
}

/// Writes to the log's present target, at its present level.
private struct SwitchedLogHandler: LogHandler {
    let log: SupervisorLog
    var metadata: Logger.Metadata = [:]

    init(log: SupervisorLog) {
        self.log = log
    }

    var logLevel: Logger.Level {
        get { EventLoop.assumeIsolated { log.level } }
        // The configuration's to say.
        set { _ = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var event = event
        event.metadata = metadata.merging(event.metadata ?? [:]) { $1 }
        EventLoop.assumeIsolated { log.target.logger.handler.log(event: event) }
    }
}

extension Configuration.Log {
    /// The file that it goes to.
    fileprivate var path: String? {
        if !disabled, case .file(let path) = output { path } else { nil }
    }

    /// Whether it goes elsewhere or looks otherwise.
    func needsOtherTarget(than other: Configuration.Log) -> Bool {
        disabled != other.disabled || output != other.output || format != other.format || timestamp != other.timestamp
    }
}
