/// One of the files that belong to a ledger: the usage file, and others beside it.
struct LedgerFile: Hashable, Sendable {
    /// What the file's name has more than the usage file's.
    var suffix: String

    static let usages = LedgerFile(suffix: "")
    static let daily = LedgerFile(suffix: ".daily.json")
    static let journal = LedgerFile(suffix: ".journal")
    static let lock = LedgerFile(suffix: ".lock")

    /// What the file's next state is written to before it takes the file's name.
    var draft: LedgerFile { LedgerFile(suffix: suffix + ".new") }

    /// Where the file is kept for people when it can't be used.
    func aside(_ stamp: String) -> LedgerFile { LedgerFile(suffix: suffix + ".corrupt-" + stamp) }
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
    /// Keeps every other process out until the storage is closed.
    func lock() throws(LedgerError)
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
