/// The form of the log: what a record becomes.
package enum LogForm: UInt8, Sendable, CaseIterable {
    /// `time level message key=value …`
    case text
    /// One object in a line.
    case json
    /// The journal's own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): each record is one datagram of fields.
    case journal
}
