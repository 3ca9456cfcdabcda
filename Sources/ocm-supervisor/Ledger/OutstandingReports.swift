/// What the workers have reported and the ledgers do not have on disk yet, message by message, and what there was no room
/// for.
///
/// A worker is told one number: all up to it is on disk. So its messages count in their order, though the ledgers that they
/// concern take their own time. What follows a message that a ledger had no room for is not acknowledged before that has
/// come again, nor taken by this ledger; others take their share of it and know it when it comes again.
struct OutstandingReports {
    private struct Message {
        /// The number of the last record.
        var sequence: UInt64
        /// The usage files that do not have their share yet, with the number of its last record.
        var missing: [String: UInt64]
    }

    private struct TurnedAway {
        /// The number of the first record.
        let first: UInt64
        /// The usage files whose ledgers had no room.
        var full: Set<String>
        /// The worker was told to send it again.
        var isCalledBack = false
    }

    private var messages: [WorkerIdentity: [Message]] = [:]
    private var turnedAway: [WorkerIdentity: TurnedAway] = [:]

    /// A message has come, that begins with this number.
    mutating func come(_ worker: WorkerIdentity, from first: UInt64) {
        if let turnedAway = turnedAway[worker], first <= turnedAway.first { self.turnedAway[worker] = nil }
    }

    /// Whether a ledger may take its share of the message that has come.
    func mayTake(_ worker: WorkerIdentity, into path: String) -> Bool {
        turnedAway[worker]?.full.contains(path) != true
    }

    /// A message was shown to all ledgers that it concerns.
    mutating func take(_ worker: WorkerIdentity, upTo last: UInt64, missing: [String: UInt64]) {
        // It comes again, with what was turned away.
        guard turnedAway[worker] == nil else { return }
        var outstanding = messages.removeValue(forKey: worker) ?? []
        if missing.isEmpty, let end = outstanding.indices.last {
            // It waits for those before it alone, and a disk that does not answer would let many of its kind pile up.
            outstanding[end].sequence = max(last, outstanding[end].sequence)
        } else {
            outstanding.append(Message(sequence: last, missing: missing))
        }
        messages[worker] = outstanding
    }

    /// A ledger had no room for its share of the message that begins with this number.
    mutating func turnAway(_ worker: WorkerIdentity, from first: UInt64, by path: String) {
        turnedAway[worker, default: TurnedAway(first: first, full: [])].full.insert(path)
    }

    /// The workers that are to send again all that they were not told to be on disk, now that these ledgers have room. Each
    /// is named once until it has done so.
    mutating func callBack(_ hasRoom: (String) -> Bool) -> [WorkerIdentity] {
        let workers = turnedAway.filter { !$0.value.isCalledBack && $0.value.full.allSatisfy(hasRoom) }.map(\.key)
        for worker in workers {
            turnedAway[worker]?.isCalledBack = true
            messages[worker] = nil
        }
        return workers
    }

    /// A ledger has everything of a worker up to a number on disk.
    mutating func settle(_ acknowledgement: Acknowledgement, by path: String) {
        guard var messages = messages[acknowledgement.worker] else { return }
        for index in messages.indices {
            guard let last = messages[index].missing[path], last <= acknowledgement.sequence else { continue }
            messages[index].missing[path] = nil
        }
        self.messages[acknowledgement.worker] = messages
    }

    /// The number up to which all of a worker's is on disk in all ledgers, where that has become more.
    mutating func release(_ worker: WorkerIdentity) -> Acknowledgement? {
        guard let messages = messages[worker] else { return nil }
        let settled = messages.prefix { $0.missing.isEmpty }
        guard let last = settled.last else { return nil }
        self.messages[worker] = Array(messages.dropFirst(settled.count))
        return Acknowledgement(worker: worker, sequence: last.sequence)
    }

    /// How many messages of a worker's are remembered.
    func count(of worker: WorkerIdentity) -> Int { messages[worker]?.count ?? 0 }

    mutating func forget(_ worker: WorkerIdentity) {
        messages[worker] = nil
        turnedAway[worker] = nil
    }
}
