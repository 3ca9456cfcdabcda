import Glibc
import Logging
import OCMEventLoop
import OCMLogging

/// Where the log goes, and the workers' with it: to a descriptor that they get as theirs, or to the journal.
@EventLoop final class LogTarget {
    /// What workers have as standard error: the log, or what a crash says where that goes to the journal.
    let descriptor: Int32
    /// The connected socket, where the log goes to the journal.
    let journal: Int32?
    let form: LogForm
    let logger: Logger
    private var following: Task<Void, Never>?

    /// Throws where the configured file can't be opened.
    init(_ log: Configuration.Log) throws(SystemError) {
        let wantsJournal =
            !log.disabled && (log.output == .journal || (log.output == .unnamed && JournalStream.isStandardError))
        journal = wantsJournal ? JournalSocket.open() : nil
        descriptor = try Self.open(log)
        form = journal != nil ? .journal : log.format == .json ? .json : .text
        let outlet = journal.map { LogOutlet($0, isJournal: true) } ?? LogOutlet(descriptor)
        let handler = RecordLogHandler(
            outlet, form: form, level: log.loggerLevel, hasTime: log.timestamp, identifier: "ocm-supervisor")
        logger = Logger(label: "ocm-supervisor") { _ in handler }
        if let journal {
            following = Self.follow(journal)
        } else if log.output == .journal, !log.disabled {
            logger.warning("there is no journal, the log goes to standard error")
        }
    }

    deinit {
        following?.cancel()
        if let journal { close(journal) }
        if descriptor > STDERR_FILENO { close(descriptor) }
    }

    private static func open(_ log: Configuration.Log) throws(SystemError) -> Int32 {
        if log.disabled { return try opened("/dev/null").release() }
        switch log.output {
        case .unnamed, .standardError, .journal: return unblocked(2)
        case .standardOutput: return unblocked(1)
        case .file(let path): return try opened(path).release()
        }
    }

    static func opened(_ path: String) throws(SystemError) -> FileDescriptor {
        try FileDescriptor("open", unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640))
    }

    /// A pipe whose reader has stopped would hold up every process that logs to it. It is opened anew for writing without
    /// waiting: set on the descriptor itself, that would concern everyone else who has it.
    private static func unblocked(_ number: Int32) -> Int32 {
        guard case .pipe = LogOutlet(number).kind else { return number }
        let own = unsafe Glibc.open("/proc/self/fd/\(number)", O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC)
        return own < 0 ? number : own
    }

    /// Where the journal's socket is made anew, all processes with this one are connected to that.
    private static func follow(_ journal: Int32) -> Task<Void, Never> {
        EventLoop.spawn {
            guard let watch = try? FileWatch(directory: JournalSocket.directory) else { return }
            defer { watch.close() }
            while let changes = try? await watch.changes() {
                if changes.isLost || changes.names.contains(JournalSocket.name) { JournalSocket.reconnect(journal) }
            }
        }
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
