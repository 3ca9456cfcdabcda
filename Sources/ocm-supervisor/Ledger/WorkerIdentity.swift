internal import OCMIPC

/// The random name under which a worker numbers what it reports, never used twice.
struct WorkerIdentity: Hashable, Sendable {
    var value: UInt128
}

/// A record and the number that its worker gave it: numbers rise, none is given twice, and a record that is sent again
/// keeps its own. It is by them that each is counted exactly once, however they are bundled.
struct NumberedUsage: Equatable, Sendable {
    var sequence: UInt64
    var record: UsageRecord
}

/// Records of one worker, in the order of their numbers.
struct UsageBatch: Equatable, Sendable {
    var worker: WorkerIdentity
    var records: [NumberedUsage]

    /// The number of the last.
    var sequence: UInt64 { records.last?.sequence ?? 0 }

    /// Without what is numbered up to a mark.
    func after(_ mark: UInt64) -> UsageBatch {
        guard let first = records.first, first.sequence <= mark else { return self }
        return UsageBatch(worker: worker, records: records.filter { $0.sequence > mark })
    }
}

/// Everything that a worker numbered up to here is on disk.
struct Acknowledgement: Equatable, Sendable {
    var worker: WorkerIdentity
    var sequence: UInt64
}

/// What became of what a worker reported.
enum Admission: Equatable, Sendable {
    /// Some of it is new; the next commit acknowledges it.
    case accepted
    /// All of it was seen before. What is on disk of this worker's, 0 for nothing yet, may be acknowledged again.
    case duplicate(durable: UInt64)
    /// There is no room for it while the disk can't be written: the worker keeps it and what follows.
    case full
}
