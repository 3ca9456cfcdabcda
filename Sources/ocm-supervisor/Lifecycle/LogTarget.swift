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
    private let outlet: LogOutlet
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
        self.outlet = outlet
        if let journal {
            following = Self.follow(JournalSocket.directory, JournalSocket.name) { JournalSocket.reconnect(journal) }
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

    /// A pipe whose reader has stopped, or a terminal that is held (^S), would hold up every process that logs to it. It is
    /// opened anew for writing without waiting: set on the descriptor itself, that would concern everyone else who has it.
    /// Where it can't be opened, the outlet looks before each write.
    private static func unblocked(_ number: Int32) -> Int32 {
        switch LogOutlet(number).kind {
        case .file, .stream, .journal: return number
        case .pipe, .terminal: break
        }
        let flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
        let own = unsafe Glibc.open("/proc/self/fd/\(number)", flags)
        return own < 0 ? number : own
    }

    /// The file that has the log's name now is in the descriptor's place.
    func reopened() { outlet.reopened() }

    /// Calls `changed` when a file in a directory may be another one. The directory itself may go, and come again.
    static func follow(
        _ directory: String, _ name: String, changed: @escaping @EventLoop @Sendable () -> Void
    ) -> Task<Void, Never> {
        EventLoop.spawn {
            repeat {
                guard let watch = try? FileWatch(directory: directory) else { continue }
                defer { watch.close() }
                // What has happened before it was watched.
                changed()
                while let changes = try? await watch.changes() {
                    if changes.isLost { break }
                    if changes.names.contains(name) { changed() }
                }
            } while (try? await EventLoop.sleep(for: .seconds(1))) != nil
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
