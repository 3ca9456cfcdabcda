/// What a frame of the journal says.
enum JournalEntry: Equatable, Sendable {
    /// The files that the journal continues, and what was counted of each worker's until then. The first frame.
    case base(JournalBase)
    /// What one commit brought: all of it is there or nothing.
    case commit(JournalCommit)
    /// What the files will be once they hold everything before this frame.
    case saved(FileStates)
}

/// States of the two files of a ledger.
struct FileStates: Equatable, Sendable {
    var usages: FileDigest
    var daily: FileDigest
}

struct JournalBase: Equatable, Sendable {
    var files: FileStates
    var marks: WorkerMarks
}

struct JournalCommit: Equatable, Sendable {
    /// Unix seconds.
    var time: Int64
    var batches: [UsageBatch]
}
