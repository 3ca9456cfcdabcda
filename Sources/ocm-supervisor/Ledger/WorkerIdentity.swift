internal import OCMIPC

/// The random name under which a worker numbers what it reports, never used twice.
struct WorkerIdentity: Hashable, Sendable {
    var value: UInt128
}

/// What one message of a worker reported: counted as a whole, exactly once.
struct UsageBatch: Equatable, Sendable {
    var worker: WorkerIdentity
    /// The message's number; a worker's numbers rise, and a message that is sent again keeps its own.
    var sequence: UInt64
    var records: [UsageRecord]
}

/// Everything that a worker numbered up to here is on disk.
struct Acknowledgement: Equatable, Sendable {
    var worker: WorkerIdentity
    var sequence: UInt64
}

/// What became of a message that a worker reported.
enum Admission: Equatable, Sendable {
    /// New; the next commit acknowledges it.
    case accepted
    /// Seen before. What is on disk of this worker's, 0 for nothing yet, may be acknowledged again.
    case duplicate(durable: UInt64)
    /// There is no room to keep it while the disk can't be written: the worker keeps it, and everything after it.
    case full
}
