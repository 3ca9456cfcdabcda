internal import OCMIPC

/// How far each worker's reports have been counted: what keeps a record that is sent twice from counting twice.
struct WorkerMarks: Equatable, Sendable {
    struct Mark: Equatable, Sendable {
        /// The highest number that was counted.
        var sequence: UInt64
        /// When that was, Unix seconds, to the day or so.
        var seen: Int64
    }

    private(set) var marks: [WorkerIdentity: Mark] = [:]

    init(_ marks: [WorkerIdentity: Mark] = [:]) {
        self.marks = marks
    }

    /// The highest number counted of a worker's, 0 for a worker that is not known.
    subscript(worker: WorkerIdentity) -> UInt64 {
        marks[worker]?.sequence ?? 0
    }

    /// Notes a batch as counted; what of it was not before.
    mutating func advance(over batch: UsageBatch, at time: Int64) -> [UsageRecord] {
        let fresh = batch.after(self[batch.worker])
        guard !fresh.records.isEmpty else { return [] }
        marks[batch.worker] = Mark(sequence: fresh.sequence, seen: time)
        return fresh.records.map(\.record)
    }

    mutating func forget(_ worker: WorkerIdentity) {
        marks[worker] = nil
    }

    /// Drops the marks of workers that have been silent for longer than any keeps a report.
    mutating func dropSilent(at time: Int64) {
        marks = marks.filter { $0.value.seen > time - Self.memory }
    }

    /// 90 days.
    private static let memory: Int64 = 90 * 86_400
}
