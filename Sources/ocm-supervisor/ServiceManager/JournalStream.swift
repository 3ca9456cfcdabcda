import Glibc

/// Whether what is written to standard error ends up in the journal, line by line: then OCM speaks its own protocol
/// instead, and keeps the fields apart (JOURNAL_STREAM, systemd.exec(5)).
enum JournalStream {
    static var isStandardError: Bool {
        guard let text = unsafe getenv("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard unsafe fstat(2, &status) == 0 else { return false }
        return unsafe String(cString: text) == "\(status.st_dev):\(status.st_ino)"
    }
}
