internal import Logging
internal import OCMIPC
internal import OCMLogging

/// How this worker logs: what is not left to it are the descriptors, which it has from birth.
struct LogSetting {
    /// The supervisor's log, and what a crash says.
    static let standardError = LogOutlet(2)
    /// A socket that is connected to the journal, where the log goes there.
    private static let journal = LogOutlet(5, isJournal: true)

    static let identifier = "ocm-worker"

    var form: LogForm
    let level: Logger.Level
    let hasTime: Bool
    /// Whether each request has a line.
    let hasAccess: Bool

    /// Until the supervisor has said how.
    static let unconfigured = LogSetting(
        WorkerConfiguration.Log(level: 2, form: LogForm.text.rawValue, hasTime: true, access: false))

    init(_ log: WorkerConfiguration.Log) {
        form = LogForm(rawValue: log.form) ?? .text
        level = Logger.Level.allCases[Int(min(log.level, 6))]
        hasTime = log.hasTime
        hasAccess = log.access && level <= .info
    }

    var outlet: LogOutlet {
        form == .journal ? Self.journal : Self.standardError
    }

    var logger: Logger {
        let handler = RecordLogHandler(outlet, form: form, level: level, hasTime: hasTime, identifier: Self.identifier)
        return Logger(label: Self.identifier) { _ in handler }
    }
}
