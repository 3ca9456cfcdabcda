/// One of the files that belong to a ledger: the usage file, and others beside it.
struct LedgerFile: Hashable, Sendable {
    /// What the file's name has more than the usage file's.
    var suffix: String

    static let usages = LedgerFile(suffix: "")
    static let daily = LedgerFile(suffix: ".daily.json")
    static let journal = LedgerFile(suffix: ".journal")
    static let lock = LedgerFile(suffix: ".lock")

    /// All that a ledger writes in the course of things.
    static let written = [usages, daily, journal, lock, usages.draft, daily.draft, journal.draft]

    /// Bytes that the longest name of any of its files has more than the usage file's.
    static let longestSuffix = daily.aside("20260309T013000Z-99").suffix.utf8.count

    /// What the file's next state is written to before it takes the file's name.
    var draft: LedgerFile { LedgerFile(suffix: suffix + ".new") }

    /// Where the file is kept for people when it can't be used.
    func aside(_ stamp: String) -> LedgerFile { LedgerFile(suffix: suffix + ".corrupt-" + stamp) }

    /// Where the file is kept for people when someone else has written it.
    func foreign(_ stamp: String) -> LedgerFile { LedgerFile(suffix: suffix + ".changed-" + stamp) }
}

/// One state of a file, as cheaply told as the system can: two that differ need not differ in their bytes.
struct FileState: Equatable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    /// When it was written last, in seconds and nanoseconds.
    var modified: [Int64]
}

/// The file operations of a ledger, no more than it needs: what the disk promises, and what it does not, can be played
/// through in tests.
///
/// Nothing is on disk for sure before `synchronize`, no name before `synchronizeDirectory`. After an error of either it is
/// not known what is, and a second call does not tell: it may succeed without having written anything (fsync(2)). Every
/// file has mode 0600.
///
/// These two take the disk's time, and the process goes on meanwhile; the others work on what the system has in memory.
protocol LedgerStorage: AnyObject {
    /// The path of a file, for people.
    func path(of file: LedgerFile) -> String
    /// Keeps every other process out until the storage is closed. To be called again from time to time: somebody may have
    /// removed the lock.
    func lock() throws(LedgerError)
    /// Whether what was opened under this name, if anything was, still has it.
    func isInPlace(_ file: LedgerFile) -> Bool
    /// Nil where there is no regular file.
    func state(of file: LedgerFile) -> FileState?
    /// The whole file, nil where there is none.
    func read(_ file: LedgerFile) throws(LedgerError) -> [UInt8]?
    func exists(_ file: LedgerFile) -> Bool
    /// Makes the file, or empties it.
    func create(_ file: LedgerFile) throws(LedgerError)
    /// Writes into an existing file, all of it or an error.
    func write(_ bytes: [UInt8], to file: LedgerFile, at offset: Int) throws(LedgerError)
    func truncate(_ file: LedgerFile, to length: Int) throws(LedgerError)
    func synchronize(_ file: LedgerFile) async throws(LedgerError)
    /// Gives a file another's name, which the other loses.
    func rename(_ file: LedgerFile, to other: LedgerFile) throws(LedgerError)
    func remove(_ file: LedgerFile)
    func synchronizeDirectory() async throws(LedgerError)
    /// Closes what is open and gives up the lock.
    func close()
}
