internal import OCMTLS

/// What a look at auth.json found.
enum FileReading {
    case file(AuthFile)
    case missing
    /// Half-written, emptied, or damaged.
    case damaged(AuthFile.Fault)
    /// A directory, too large, not permitted: text for people.
    case unreadable(String)
}

/// What was found under the lock, before asking.
struct PreparedRefresh {
    var reading: FileReading
    var recovered: [RecoveredAnswer] = []
    /// A copy could not be looked into now: all are kept.
    var hasUnreadCopies = false
    /// The user that the file belongs to, where a rewrite would change that.
    var foreignOwner: UInt32?
}

/// An answer of the token endpoint that was put on disk, but has perhaps not reached auth.json.
struct RecoveredAnswer {
    /// nil where it was cut off, or can't be made use of.
    let answer: RefreshAnswer?
    /// Of the refresh token that was asked with.
    let spent: SHA256Digest
    /// When it came.
    let time: Timestamp
}

/// How a write-back ended.
enum SaveOutcome {
    /// The file as it is now.
    case saved(AuthFile)
    /// The file has meanwhile got what is to be kept: nothing was written.
    case superseded(AuthFile)
    case missing
    /// Another process has the lock.
    case busy
    case failed(SaveProblem)
}

/// Why auth.json could not be written.
enum SaveProblem: Error, Equatable, Sendable {
    case foreignOwner(UInt32)
    case damaged(String)
    case system(call: String, text: String)
}

extension SaveProblem: CustomStringConvertible {
    var description: String {
        switch self {
        case .foreignOwner(let owner):
            "auth.json belongs to user \(owner), and a rewrite would take it from them. " + Unavailable.deployments
        case .damaged(let fault): "the file can't be used: \(fault)"
        case .system(let call, let text): "\(call): \(text)"
        }
    }
}
